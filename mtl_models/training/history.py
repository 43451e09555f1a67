"""What training leaves behind: the network and the record of its epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mtl_models.correction.record import Correction
from mtl_models.network.network import Network
from mtl_models.network.predictor import Predictor

if TYPE_CHECKING:
    from mtl_models.training.affinity import EpochAffinity


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch: mean training loss and validation loss a task, and the validation score (lower is better).

    The score is the mean over the main tasks of the validation loss divided by that of a constant prediction, the
    training rows' base rate.
    """

    epoch: int
    train: dict[str, float]
    valid: dict[str, float]
    score: float


@dataclass(frozen=True, kw_only=True)
class OwnBest:
    """The epoch at which a task's validation loss was lowest, and what the one joint stop costs it.

    ``cost`` is the loss at the epoch that was kept over the lowest one, less 1.
    """

    epoch: int
    loss: float
    kept_loss: float

    @property
    def cost(self) -> float:
        """Relative excess of the validation loss that the joint stop costs; 0 or more."""
        return self.kept_loss / self.loss - 1 if self.loss > 0 else 0.0


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it came about.

    Attributes:
        epoch: the one whose weights were kept.
        affinity: what the tasks did to each other in each epoch, if it was measured.
        own_best: a network a task with the weights of that task's best epoch, if they were kept; in it only the task
            that it is named for is at its best.
        calibration: by task, how its head was corrected after training.
    """

    network: Predictor
    history: tuple[Epoch, ...]
    epoch: int
    affinity: tuple[EpochAffinity, ...] = ()
    own_best: Mapping[str, Network] = field(default_factory=dict)
    calibration: Mapping[str, Correction] = field(default_factory=dict)

    def history_records(self) -> list[dict[str, Any]]:
        """The history as plain JSON types."""
        return [asdict(epoch) for epoch in self.history]

    def own_bests(self) -> dict[str, OwnBest]:
        """Each task's best epoch among those trained, the earliest of equals, for the tasks with validation labels."""
        kept = self.history[self.epoch - 1].valid
        bests = {}
        for task in kept:
            best = min(self.history, key=lambda epoch: epoch.valid[task])
            bests[task] = OwnBest(epoch=best.epoch, loss=best.valid[task], kept_loss=kept[task])
        return bests
