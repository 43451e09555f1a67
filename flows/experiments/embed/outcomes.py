"""What is known of people's outcomes, group by group, without showing a small count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.kinds.base import SHARE, Facet


def outcomes_of(tasks: Sequence[Task], dataset: Dataset) -> dict[str, Facet]:
    """The outcomes of the main tasks by name: a multilabel task's labels and a multiclass task's classes each."""
    main = (task for task in tasks if task.role == "main")
    found = (each for task in main for each in kind_of(task).facets(task, dataset.targets[task.name]))
    return {each.name: each for each in found}


def outcome_means(segments: np.ndarray, outcomes: Iterable[Facet], min_count: int) -> list[dict[str, Any]]:
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
