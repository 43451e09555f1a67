"""One of several classes without an order; the likeliest one is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.kinds.base import SHARE, Facet
from mtl_models.kinds.metrics import ACCURACY, AUROC, LOG_LOSS, MACRO_F1
from mtl_models.kinds.probabilities import Probabilities
from mtl_models.wording import slug

if TYPE_CHECKING:
    import numpy as np

    from mtl_models.data.tasks import Task


class Multiclass(Probabilities):
    """One of several classes."""

    words = "one of several classes"
    says = "likeliest class: {names}"
    names = "classes"
    form = "classes"
    head = "ClassHead"
    formulas = "multiclass"
    metrics = (AUROC, ACCURACY, MACRO_F1, LOG_LOSS)
    headline, loss, alone = "auroc", "log_loss", "auroc"
    scale = "log"

    def facets(self, task: Task, target: np.ndarray) -> list[Facet]:
        """The share of each class."""
        import numpy as np

        title = task.title or task.name
        known = np.where(np.isnan(target[:, 0]), np.nan, 1.0)
        return [
            Facet(f"{task.name}__{slug(name)}", f"{title}: {name}", SHARE, (target[:, 0] == index) * known)
            for index, name in enumerate(task.classes)
        ]
