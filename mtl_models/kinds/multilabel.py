"""Several yes-or-no labels in one task; each is predicted by the task's rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.kinds.base import SHARE, Facet, Published
from mtl_models.kinds.probabilities import YesNo
from mtl_models.wording import slug

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from mtl_models.data.tasks import Task


class Multilabel(YesNo):
    """Several labels; the metrics are those of each label and their means."""

    words = "several yes-or-no labels"
    says = "of {names} those that are predicted, each {rule}"
    names = "labels"

    def target_columns(self, task: Task) -> tuple[str, ...]:
        """One ``<task>__<label>`` a label."""
        return tuple(f"{task.name}__{slug(label)}" for label in task.labels)

    def facets(self, task: Task, target: np.ndarray) -> list[Facet]:
        """The share of each label."""
        title = task.title or task.name
        names = zip(task.target_columns, task.labels, strict=True)
        return [Facet(name, f"{title}: {label}", SHARE, target[:, index]) for index, (name, label) in enumerate(names)]

    def decision_type(self) -> pl.DataType:
        """The labels that are predicted."""
        import polars as pl

        return pl.List(pl.String())

    def decision(self, task: Task, decided: np.ndarray) -> pl.Series:
        """The predicted labels of each row; built once for each combination that occurs."""
        import numpy as np
        import polars as pl

        # one number a row: np.unique over whole rows takes ten times as long
        powers = 1 << np.arange(len(task.labels))
        combinations, which = np.unique(decided @ powers, return_inverse=True)
        lists = [
            [label for label, power in zip(task.labels, powers, strict=True) if number & power]
            for number in combinations
        ]
        return pl.Series(task.name, lists, dtype=pl.List(pl.String())).gather(which)

    def published_decision(self, task: Task) -> Published:
        """Some of the labels."""
        return Published(name=task.name, kind="set", values=task.labels, title=task.title)
