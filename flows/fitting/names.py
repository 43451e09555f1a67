"""Names that the tables of predictions have in common, and of the models in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mtl_models.metrics.settings import MODEL as _MODEL
from mtl_models.metrics.settings import TWIN as _TWIN

FINAL = "final"
"""The resample of the exported model."""
WHOLE = "every table"
NO_OUTCOMES = "without any outcome's own columns"


@dataclass(frozen=True)
class ModelName:
    """Which model predicts: a network, candidate or baseline by its name, or its single-task twins.

    Attributes:
        is_twin: the same model fitted for one task at a time; of all these fits it is one name.
    """

    name: str
    is_twin: bool = False

    @property
    def twin(self) -> ModelName:
        """Its single-task twins."""
        return replace(self, is_twin=True)

    @property
    def text(self) -> str:
        """As it stands in tables and reports; nothing reads it back: see :func:`models_in`."""
        if not self.is_twin:
            return self.name
        return _TWIN if self == MODEL.twin else f"{self.name} (single-task)"


MODEL = ModelName(_MODEL)
"""The study's own network."""


def models_in(texts: Iterable[str]) -> dict[str, ModelName]:
    """The models of a table by their text there; twins are told by the model that stands beside them."""
    models = {text: ModelName(text) for text in texts}
    return models | {twin.text: twin for each in models.values() if (twin := each.twin).text in models}
