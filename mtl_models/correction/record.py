"""A correction as a small record: on which scale, how steep, how far; it is kept as JSON and put into a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_models.correction.scales import SCALES
from mtl_models.kinds import kind_of

if TYPE_CHECKING:
    from mtl_models.data.tasks import Task

KEY = "correction"
"""Under this name the metadata of a file, and the manifest of a version, hold its corrections: a record a task."""


@dataclass(frozen=True)
class Correction:
    """How the predictions of one task are moved: ``shift + slope * z`` on a scale, a number of both for each column.

    Attributes:
        scale: the name of one of :data:`mtl_models.correction.scales.SCALES`.
        slope: above 0, so that no order is turned round; of classes all the same.
        shift: in the task's unit for a number, else in logits.
    """

    scale: str
    slope: tuple[float, ...]
    shift: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be applied.

        Raises:
            ValueError: for an unknown scale, other than one slope and shift a column, or a slope that is not above 0.
        """
        if self.scale not in SCALES:
            raise ValueError(f"scale {self.scale!r} is none of {', '.join(SCALES)}")
        if not self.slope or len(self.slope) != len(self.shift):
            raise ValueError(f"{len(self.slope)} slopes and {len(self.shift)} shifts: one of both a column is needed")
        if not np.isfinite([*self.slope, *self.shift]).all() or min(self.slope) <= 0:
            raise ValueError("slopes must be above 0, slopes and shifts finite")

    @classmethod
    def none(cls, task: Task) -> Correction:
        """The one that changes nothing.

        Raises:
            ValueError: for a kind of task that cannot be corrected.
        """
        kind = kind_of(task)
        if not kind.scale:
            raise ValueError(f"task {task.name}: a {task.kind} task has no scale to be corrected on")
        return cls(kind.scale, (1.0,) * task.n_outputs, (0.0,) * task.n_outputs)

    @property
    def changes_nothing(self) -> bool:
        """Whether predictions stay what they are."""
        return set(self.slope) == {1.0} and set(self.shift) == {0.0}

    def of(self, predictions: np.ndarray) -> np.ndarray:
        """Corrected predictions. Shape: ``(n, n_outputs)`` both."""
        scale = SCALES[self.scale]
        return np.asarray(scale.back(self.on_scale(scale.to(np.asarray(predictions, np.float64)))))

    def on_scale(self, values: np.ndarray) -> np.ndarray:
        """The same for values that are on the scale."""
        return np.asarray(np.asarray(self.shift) + np.asarray(self.slope) * values)

    def then(self, other: Correction) -> Correction:
        """This one and another behind it as one."""
        slope, shift = (np.asarray(each) for each in (other.slope, other.shift))
        return Correction(
            self.scale, tuple((slope * self.slope).tolist()), tuple((shift + slope * self.shift).tolist())
        )

    def undone(self) -> Correction:
        """The one that leads back."""
        slope, shift = (np.asarray(each) for each in (self.slope, self.shift))
        return Correction(self.scale, tuple((1 / slope).tolist()), tuple((0.0 - shift / slope).tolist()))

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types; :meth:`from_dict` gives the same correction back."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Correction:
        """The correction of a record.

        Raises:
            ValueError: as for a correction itself.
        """
        return cls(record["scale"], tuple(record["slope"]), tuple(record["shift"]))
