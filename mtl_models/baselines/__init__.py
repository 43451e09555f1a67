"""Single-task models to stand beside the network; a new one is a file and a line in ``BASELINES``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from mtl_models.baselines.settings import BaselineSettings
from mtl_models.extras import install_words, is_installed
from mtl_models.registry import Registry

if TYPE_CHECKING:
    import numpy as np

    from mtl_models.data.dataset import Dataset, FeatureSpec
    from mtl_models.data.tasks import Task


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
EXTRAS = {"lightgbm": "boosters", "catboost": "boosters"}
LIBRARIES = {"linear": "sklearn", "lightgbm": "lightgbm", "catboost": "catboost"}


def require_library(name: str, *, load: bool = True) -> None:
    """Check that the library behind a baseline can be loaded; without ``load``, which takes a second, that it is there.

    Raises:
        ValueError: saying which library of which baseline, and how to install it.
    """
    library = LIBRARIES.get(name, "")
    try:
        if library and load:
            import_module(library)
        elif library and find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named {library!r}")
    except (ImportError, OSError) as error:  # a library of the system that is not there is an OSError
        if library in EXTRAS and not is_installed(library):
            raise ValueError(install_words(f"the baseline {name}", library, EXTRAS[library])) from None
        package = {"sklearn": "scikit-learn"}.get(library, library)
        raise ValueError(
            f"the baseline {name} needs {package}, which cannot be loaded ({error}): install it again with "
            f"`pip install --force-reinstall --no-deps {package}`, or leave {name} out of the study's baselines"
        ) from None


__all__ = ["BASELINES", "UNSEEDED", "BaselineSettings", "FitPredict", "require_library"]
