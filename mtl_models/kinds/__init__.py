"""The kinds of task: all that each means, by name; a new one is a file and a line in ``KINDS``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.registry import Registry

if TYPE_CHECKING:
    from mtl_models.data.tasks import Task
    from mtl_models.kinds.base import Kind
    from mtl_models.kinds.metrics import Metric

KINDS: Registry[Kind] = Registry(
    __name__,
    {
        "regression": "regression:Regression",
        "binary": "binary:Binary",
        "multiclass": "multiclass:Multiclass",
        "ordinal": "ordinal:Ordinal",
        "multilabel": "multilabel:Multilabel",
    },
    called=True,
)


def kind_of(task: Task) -> Kind:
    """All that the kind of a task means."""
    return KINDS[task.kind]


def find_metric(name: str) -> Metric | None:
    """What is known of a metric of any kind; nothing of a name that no kind measures."""
    return next((metric for kind in KINDS.values() for metric in kind.metrics if metric.name == name), None)


__all__ = ["KINDS", "find_metric", "kind_of"]
