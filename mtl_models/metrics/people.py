"""Who is behind a figure: labelled people, class counts, and which of them are too few to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.collect import Sample
from mtl_models.metrics.score import headline_name, loss_name


@dataclass(frozen=True)
class Counts:
    """People behind a target column: labelled ones, and those of each class (none for a number)."""

    n: int
    classes: tuple[int, ...]

    def enough(self, min_count: int) -> bool:
        """Whether every class, and the whole, has ``min_count`` people."""
        return min(self.n, *self.classes) >= min_count if self.classes else self.n >= min_count


@dataclass(frozen=True)
class TaskPeople:
    """People behind a task: those with any label, and the counts of each target column."""

    n: int
    columns: tuple[Counts, ...]

    def enough(self, min_count: int) -> bool:
        """Whether every target column has enough people."""
        return all(column.enough(min_count) for column in self.columns)


def count_people(task: Task, sample: Sample) -> TaskPeople:
    """Labelled people of ``task``."""
    target = sample.targets[task.name]
    columns = []
    for column in target.T:
        known = column[~np.isnan(column)]
        columns.append(Counts(len(known), kind_of(task).count_classes(task, known)))
    return TaskPeople(int((~np.isnan(target)).any(axis=1).sum()), tuple(columns))


def describe(task: Task, people: TaskPeople, min_count: int) -> dict[str, Any]:
    """The task and its people as a record.

    Where one class has too few people no class is counted: the others and the total would give it away.
    """
    shown = people.enough(min_count)
    record: dict[str, Any] = {
        "title": task.title or task.name,
        "kind": task.kind,
        "unit": task.unit,
        "headline": headline_name(task),
        "loss": loss_name(task),
        "n": _shown(people.n, people.n >= min_count),
        "shown": shown,
    }
    first = people.columns[0]
    if task.classes:
        counts = (_shown(n, shown) for n in first.classes)
        return {**record, "classes": dict(zip(task.classes, counts, strict=True))}
    if task.labels:
        labels = {
            label: _describe_label(each, min_count) for label, each in zip(task.labels, people.columns, strict=True)
        }
        return {**record, "labels": labels}
    return {**record, "n_positive": _shown(first.classes[1], shown)} if first.classes else record


def _describe_label(counts: Counts, min_count: int) -> dict[str, Any]:
    shown = counts.enough(min_count)
    return {
        "n": _shown(counts.n, counts.n >= min_count),
        "n_positive": _shown(counts.classes[1], shown),
        "shown": shown,
    }


def _shown(n: int, shown: bool) -> int | None:
    return n if shown else None
