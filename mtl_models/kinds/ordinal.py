"""One of several classes in order; the rounded expected class is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.kinds.base import Facet
from mtl_models.kinds.metrics import ACCURACY, LOG_LOSS, MACRO_F1, QWK
from mtl_models.kinds.probabilities import Probabilities

if TYPE_CHECKING:
    import numpy as np

    from mtl_models.data.tasks import Task


class Ordinal(Probabilities):
    """One of ordered classes."""

    words = "one of ordered classes"
    says = "expected class, rounded: {names}"
    names = "classes"
    form = "classes"
    ordered = True
    head = "OrdinalHead"
    formulas = "ordinal"
    metrics = (QWK, ACCURACY, MACRO_F1, LOG_LOSS)
    headline, loss, alone = "qwk", "log_loss", "qwk"
    scale = "log"

    def facets(self, task: Task, target: np.ndarray) -> list[Facet]:
        """The place in the order."""
        ends = f"0 {task.classes[0]} to {len(task.classes) - 1} {task.classes[-1]}"
        return [Facet(task.name, task.title or task.name, ends, target[:, 0])]

    def decided(self, task: Task, probabilities: np.ndarray) -> np.ndarray:
        """The rounded expected class."""
        import numpy as np

        return np.asarray(np.rint(probabilities @ np.arange(probabilities.shape[1])))
