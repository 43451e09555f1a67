"""One of several classes without an order; the likeliest one is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.kinds.base import SHARE, Facet
from mtl_models.kinds.metrics import ACCURACY, AUROC, LOG_LOSS, MACRO_F1
from mtl_models.kinds.probabilities import Probabilities, class_shares
from mtl_models.kinds.rules import CLASS_SHARES, LIKELIEST
from mtl_models.wording import slug

if TYPE_CHECKING:
    import numpy as np

    from mtl_models.data.tasks import Task


class Multiclass(Probabilities):
    """One of several classes."""

    words = "one of several classes"
    says = "{rule}: {names}"
    rules, default_rule = (LIKELIEST, CLASS_SHARES), LIKELIEST
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

    def first_cuts(self, task: Task) -> list[float]:
        """Factors of the probabilities."""
        return [1.0] * len(task.classes)

    def choose_cuts(self, task: Task, prediction: np.ndarray, target: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Factors of the probabilities."""
        from mtl_models.metrics.cuts import balance_classes

        by_shares = self.decide(task).rule == CLASS_SHARES
        found = balance_classes(prediction, class_shares(task, train)) if by_shares else None
        return super().choose_cuts(task, prediction, target, train) if found is None else found

    def decided(self, task: Task, prediction: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """The class with the largest product of probability and factor."""
        largest: np.ndarray = (prediction * cuts).argmax(axis=1)[:, None]
        return largest
