"""The points of a sweep: a line and a value, and the people and tasks that a network is fitted on there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.experiments.sweeps.settings import FILE, Data, HintData, PairData, StudyData, SweepSettings
from flows.project.hashing import digest, sha256
from flows.project.identity import decisive
from flows.study.study import Study
from mtl_models.data.dataset import Dataset, FeatureSpec, read_dataset
from mtl_models.data.synthetic import make_hint, make_pair, remove_labels
from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import FINAL
from mtl_models.settings import ModelSettings, Options, TrainingSettings, parse_settings


class _Drawn(Options):
    data: Data


@dataclass(frozen=True, kw_only=True)
class Point:
    """One value of what is varied, on one line; ``task`` is the made-up one that is reported, or nothing for both."""

    line: str
    value: float
    data: PairData | HintData | StudyData
    model: ModelSettings
    training: TrainingSettings
    task: str | None

    @property
    def reported(self) -> str | None:
        """Name of the task that is reported; nothing for the mean of all."""
        return self.data.task if isinstance(self.data, StudyData) else self.task

    def key(self, inputs: str) -> str:
        """Hash of ``inputs`` (code and tables) and all else that decides the point's predictions."""
        parts: dict[str, Any] = {
            name: getattr(self, name).model_dump(mode="json") for name in ("data", "model", "training")
        }
        return digest(inputs, parts)[:16]

    def file_name(self, inputs: str) -> str:
        """Name of the file that keeps the point's predictions."""
        return f"{self.value:g}-{self.key(inputs)}.parquet"


@dataclass(frozen=True)
class Material:
    """What a point's networks are given, and the tasks that are shown: predicted for the people of ``measured``."""

    spec: FeatureSpec
    tasks: tuple[Task, ...]
    shown: tuple[Task, ...]
    train: Dataset
    valid: Dataset
    measured: Dataset


def plan(sweep: SweepSettings) -> list[Point]:
    """The points of every line, in the order of the values.

    Raises:
        ValueError: naming the line, for a key or value that no part understands.
    """
    points = []
    for name, line in sweep.lines.items():
        where = f"{FILE}: lines.{name}"
        model = {**sweep.model.model_dump(), **line.model}
        for value in sweep.values:
            # a whole number may be a count, such as people
            varied = int(value) if value.is_integer() else value
            record = {**sweep.data.model_dump(), **line.data, sweep.vary: varied}
            data = parse_settings(_Drawn, {"data": record}, where=where).data
            settings = parse_settings(ModelSettings, model, where=f"{where}.model")
            points.append(
                Point(line=name, value=value, data=data, model=settings, training=sweep.training, task=line.task)
            )
    return points


def build(point: Point, root: Path, seed: int) -> Material:
    """People and tasks of a point; a seed draws another family, or removes other people's labels."""
    data = point.data
    if isinstance(data, StudyData):
        tasks, spec, parts = _study(Study(root, data.study, "block"))
        shown = tuple(task for task in tasks if task.name == data.task)
        if not shown:
            known = ", ".join(task.name for task in tasks)
            raise ValueError(f"{data.study} has no main task {data.task!r}; it has {known}")
        train = remove_labels(parts["train"], data.task, data.missing, seed=seed)
        valid = measured = parts["valid"]
    else:
        made = make_pair(data, seed=seed) if isinstance(data, PairData) else make_hint(data, seed=seed)
        tasks, spec, train, valid, measured = made.tasks, made.spec, made.train, made.valid, made.measured
        shown = tasks
    return Material(spec, tasks, shown, train, valid, measured)


@lru_cache(maxsize=2)
def _study(study: Study) -> tuple[tuple[Task, ...], FeatureSpec, Mapping[str, Dataset]]:
    """Main tasks of a study, the features that all of them may see, and the people that its model is chosen on."""
    paths = study.paths
    if not (paths.features / "features.parquet").is_file():
        raise FileNotFoundError(f"{study.name} has no features yet: run `dvc repro features@{study.name}`")
    tasks = tuple(task for task in study.settings.task_records if task.role == "main")
    dataset, spec, splits = read_dataset(paths.features, tasks)
    dataset, spec = dataset.select(spec, spec.core), spec.core
    column = splits[FINAL].to_numpy()
    return tasks, spec, {part: dataset.take(column == part) for part in ("train", "valid")}


def table_hashes(sweep: SweepSettings, root: Path) -> list[str]:
    """Hashes of the tables that a sweep reads and of the tasks; none for a synthetic family."""
    if not isinstance(sweep.data, StudyData):
        return []
    study = Study(root, sweep.data.study)
    folder = study.paths.features
    names = ("features.parquet", "features.json", "targets.parquet", "splits.parquet")
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise FileNotFoundError(f"{study.name} has no {missing[0]} yet: run `dvc repro`")
    return [sha256(folder / name) for name in names] + [digest(decisive(study.settings, "sweep"))]
