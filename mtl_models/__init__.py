"""Multi-task learning on tables about people: one network learns several outcomes, some labels missing.

    from mtl_models import MultiTaskModel, Scorer, Task

Importing the package costs nothing; each of these names is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_models.api import MultiTaskModel as MultiTaskModel
    from mtl_models.data.tasks import Task as Task
    from mtl_models.metrics.evaluation import Evaluation as Evaluation
    from mtl_models.serving.scorer import Scorer as Scorer

_PLACES = {
    "Evaluation": "mtl_models.metrics.evaluation",
    "MultiTaskModel": "mtl_models.api",
    "Scorer": "mtl_models.serving.scorer",
    "Task": "mtl_models.data.tasks",
}

__all__ = ["Evaluation", "MultiTaskModel", "Scorer", "Task"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
