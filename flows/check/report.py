"""What a check found: faults stop, warnings are said, and the labels of every task are counted by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flows.features.labels import PartLabels
from mtl_models.metrics.settings import MIN_COUNT
from mtl_models.wording import Faults


class CheckError(Faults):
    """A study that cannot be trained as it is: every fault that a check found."""


@dataclass
class CheckReport:
    """Faults, warnings and counts; sentences name tables, columns, tasks and counts, and no value.

    Attributes:
        study: which study.
        faults: what must be mended first.
        warnings: what may be meant so.
        labels: who has a label, by task column and part.
        losses: counts of the raw tables' validation, where it passed a limit.
        n_people, n_features: of the cohort, as far as they could be built.
        min_count: the smallest number of people of a class that is said.
    """

    study: str
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    labels: list[PartLabels] = field(default_factory=list)
    losses: dict[str, Any] | None = None
    n_people: int = 0
    n_features: int = 0
    min_count: int = MIN_COUNT

    def require(self) -> None:
        """Stop where there is a fault.

        Raises:
            CheckError: with every fault.
        """
        if self.faults:
            raise CheckError(*self.faults)
