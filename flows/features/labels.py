"""Who has a label, part by part: outcomes that cannot be learned or judged, and those that few people have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.features.guard import FeatureError
from flows.features.splits import PARTS
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of

FINAL = "final"


@dataclass(frozen=True)
class PartLabels:
    """Labels of one target column in one part of one resample.

    Attributes:
        task: whose column.
        column: the target column: the task's name, or one of a label.
        classes: people by class, none for a number.
        varied: whether there are two different labels.
    """

    task: Task
    column: str
    resample: str
    part: str
    n: int
    classes: tuple[int, ...]
    varied: bool

    @property
    def rarest(self) -> int:
        """People of the rarest class; of a number all that have a label."""
        return min(self.classes) if self.classes else self.n

    @property
    def where(self) -> str:
        """The column and its part, in words."""
        name = f"task {self.task.name}" + (f", label {self.column}" if self.task.labels else "")
        return f"{name}: the {self.part} part"


@dataclass(frozen=True)
class LabelFindings:
    """What the labels by part say."""

    faults: list[str]
    warnings: list[str]


def count_labels(tasks: Sequence[Task], targets: pl.DataFrame, splits: pl.DataFrame) -> list[PartLabels]:
    """Labels of every target column in every part that has people, over all resamples.

    Args:
        tasks: which ones.
        targets, splits: of the same people in the same order.
    """
    counts = []
    for resample in [name for name in splits.columns if name != PERSON]:
        parts = splits[resample].to_numpy()
        for part in PARTS:
            rows = parts == part
            if rows.any():
                counts += [each for task in tasks for each in _count(task, targets, resample, part, rows)]
    return counts


def _count(task: Task, targets: pl.DataFrame, resample: str, part: str, rows: np.ndarray) -> Iterator[PartLabels]:
    for column in task.target_columns:
        values = targets[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()[rows]
        known = values[~np.isnan(values)]
        classes = kind_of(task).count_classes(task, known)
        yield PartLabels(task, column, resample, part, len(known), classes, len(np.unique(known)) > 1)


def require_labels(tasks: Sequence[Task], targets: pl.DataFrame, splits: pl.DataFrame) -> None:
    """Refuse outcomes that no training part can teach.

    Raises:
        FeatureError: with a sentence for each target column.
    """
    counts = [each for each in count_labels(tasks, targets, splits) if each.part == "train"]
    if faults := label_findings(counts, min_count=0).faults:
        raise FeatureError(*faults)


def label_findings(counts: Collection[PartLabels], min_count: int, *, learned: bool = True) -> LabelFindings:
    """What cannot be learned or judged, and what rests on few people; a count below ``min_count`` is not said.

    Args:
        counts: of :func:`count_labels`.
        min_count: fewest people of a class, or with a label, behind a figure.
        learned: whether the tasks are learned as a matter of course; else nothing of them is a fault.
    """
    found: dict[str, list[PartLabels]] = {}
    for each in counts:
        if each.part == "train" or (each.task.role == "main" and learned):
            said = _wrong(each, min_count)
            found.setdefault(f"{each.where} {said}", []).extend([each] if said else [])
    findings = LabelFindings([], [])
    for sentence, places in found.items():
        if places:
            several = sum((each.column, each.part) == (places[0].column, places[0].part) for each in counts)
            of = f", in {len(places)} of {several} resamples" if several > 1 else ""
            stops = learned and any(_stops(each) for each in places)
            (findings.faults if stops else findings.warnings).append(f"{sentence}{of}")
    return findings


def _wrong(labels: PartLabels, min_count: int) -> str:
    """What is wrong with the labels of a part, as the end of a sentence; nothing if they are sound."""
    if not labels.n:
        return "has nobody with a label"
    if not labels.varied:
        return "has the same label for everybody, so nothing can be learned from it or judged by it"
    if labels.rarest < min_count:
        return f"has fewer than {min_count} people {'of a class' if labels.classes else 'with a label'}"
    return ""


def _stops(labels: PartLabels) -> bool:
    """Whether it cannot go on: nothing to train on, or nothing that could judge the model that is delivered."""
    return not labels.varied and (labels.part == "train" or (labels.part == "valid" and labels.resample == FINAL))
