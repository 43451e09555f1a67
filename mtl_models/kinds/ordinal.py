"""One of several classes in order; predicted is the expected class, cut so that classes are as frequent as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.kinds.base import SHARE, Facet
from mtl_models.kinds.metrics import CUT_AUROC, LOG_LOSS, RPS
from mtl_models.kinds.probabilities import Probabilities, class_shares
from mtl_models.kinds.rules import CLASS_SHARES, EXPECTED
from mtl_models.wording import slug

if TYPE_CHECKING:
    import numpy as np

    from mtl_models.data.tasks import Task


class Ordinal(Probabilities):
    """One of ordered classes."""

    words = "one of ordered classes"
    says = "{rule}: {names}"
    rules, default_rule = (CLASS_SHARES, EXPECTED), CLASS_SHARES
    names = "classes"
    form = "classes"
    ordered = True
    head = "OrdinalHead"
    formulas = "ordinal"
    metrics = (CUT_AUROC, RPS, LOG_LOSS)
    headline, loss, alone = "cut_auroc", "log_loss", "cut_auroc"
    scale = "log"

    def facets(self, task: Task, target: np.ndarray) -> list[Facet]:
        """The place in the order."""
        ends = f"0 {task.classes[0]} to {len(task.classes) - 1} {task.classes[-1]}"
        return [Facet(task.name, task.title or task.name, ends, target[:, 0])]

    def foretold(self, task: Task, target: np.ndarray) -> list[Facet]:
        """Whether someone is above each cut between the classes."""
        import numpy as np

        place, title = target[:, 0], task.title or task.name
        known = np.where(np.isnan(place), np.nan, 1.0)
        return [
            Facet(f"{task.name}__above_{slug(name)}", f"{title}: above {name}", SHARE, (place > index) * known)
            for index, name in enumerate(task.classes[:-1])
        ]

    def first_cuts(self, task: Task) -> list[float]:
        """Cuts of the expected class, in the middle between two places."""
        return [place + 0.5 for place in range(len(task.classes) - 1)]

    def choose_cuts(self, task: Task, prediction: np.ndarray, target: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Cuts of the expected class."""
        from mtl_models.metrics.cuts import cut_expected

        by_shares = self.decide(task).rule == CLASS_SHARES
        found = cut_expected(prediction, class_shares(task, train)) if by_shares else None
        return super().choose_cuts(task, prediction, target, train) if found is None else found

    def decided(self, task: Task, prediction: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """How many cuts the expected class reaches."""
        from mtl_models.metrics.ordered import expected_class

        reached: np.ndarray = (expected_class(prediction)[:, None] >= cuts).sum(axis=1, keepdims=True)
        return reached
