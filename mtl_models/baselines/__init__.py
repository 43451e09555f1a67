"""Single-task models to stand beside the network; a new one is a file and a line in ``BASELINES``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from mtl_models.baselines.settings import BaselineSettings
from mtl_models.registry import Registry

if TYPE_CHECKING:
    import numpy as np

    from mtl_models.data import Dataset, FeatureSpec
    from mtl_models.tasks import Task


class FitPredict(Protocol):
    """Fits ``task`` on train, chooses on valid, and predicts every evaluation set, ``(n, task.n_outputs)`` each."""

    def __call__(
        self,
        train: Dataset,
        evaluations: Mapping[str, Dataset],
        valid: Dataset,
        task: Task,
        spec: FeatureSpec,
        settings: BaselineSettings,
        seed: int,
    ) -> dict[str, np.ndarray]:
        """Predictions by evaluation set."""
        ...


BASELINES: Registry[FitPredict] = Registry(
    __name__,
    {
        "linear": "linear:fit_predict",
        "lightgbm": "boosted:fit_predict",
        "catboost": "catboosted:fit_predict",
    },
)

UNSEEDED = ("linear",)  # nothing is random in these: another seed gives the same model

__all__ = ["BASELINES", "UNSEEDED", "BaselineSettings", "FitPredict"]
