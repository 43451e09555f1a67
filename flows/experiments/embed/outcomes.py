"""What is known of people's outcomes, group by group, without showing a small count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task, slug

SHARE = "share"


@dataclass(frozen=True)
class Outcome:
    """One number a person: a regression's value, 0 or 1 for a label or class, the place in the order of classes.

    Attributes:
        unit: of the mean; ``share`` where the number is 0 or 1.
        values: by person, NaN where the label is missing.
    """

    name: str
    title: str
    unit: str
    values: np.ndarray


def outcomes_of(tasks: Sequence[Task], dataset: Dataset) -> dict[str, Outcome]:
    """The outcomes of the main tasks by name: a multilabel task's labels and a multiclass task's classes each."""
    found = []
    for task in tasks:
        target, title = dataset.targets[task.name], task.title or task.name
        if task.role != "main":
            continue
        if task.kind == "multilabel":
            names = zip(task.target_columns, task.labels, strict=True)
            found += [Outcome(name, f"{title}: {label}", SHARE, target[:, i]) for i, (name, label) in enumerate(names)]
        elif task.kind == "multiclass":
            known = np.where(np.isnan(target[:, 0]), np.nan, 1.0)
            found += [
                Outcome(f"{task.name}__{slug(name)}", f"{title}: {name}", SHARE, (target[:, 0] == i) * known)
                for i, name in enumerate(task.classes)
            ]
        elif task.kind == "ordinal":
            ends = f"0 {task.classes[0]} to {len(task.classes) - 1} {task.classes[-1]}"
            found.append(Outcome(task.name, title, ends, target[:, 0]))
        else:
            found.append(Outcome(task.name, title, SHARE if task.kind == "binary" else task.unit, target[:, 0]))
    return {each.name: each for each in found}


def outcome_means(segments: np.ndarray, outcomes: Iterable[Outcome], min_count: int) -> list[dict[str, Any]]:
    """A record a segment: people, and the mean of each outcome where enough people have a label, and either value."""
    records = []
    outcomes = list(outcomes)
    for segment in np.unique(segments):
        rows = segments == segment
        n = int(rows.sum())
        means = {each.name: _mean(each.values[rows], each.unit == SHARE, min_count) for each in outcomes}
        records.append({"segment": int(segment), "n": n if n >= min_count else None, "means": means})
    return records


def _mean(values: np.ndarray, share: bool, min_count: int) -> float | None:
    known = values[~np.isnan(values)]
    counts = [int(known.sum()), int(len(known) - known.sum())] if share else [len(known)]
    return float(f"{known.mean():.4g}") if min(counts) >= min_count else None
