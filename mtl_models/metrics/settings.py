"""Settings of an evaluation, as a study's ``evaluation`` block of params.yaml gives them."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from mtl_models.kinds.metrics import AUROC, CUT_AUROC, R2, Metric

# Above these a figure is more likely a leak than a success: outcomes in health are seldom foreseen as well as this.
# A task that truly is has a limit of its own.
TOO_GOOD = {metric.name: metric.too_good for metric in (AUROC, CUT_AUROC, R2) if metric.too_good is not None}

# what holds where no setting says otherwise
CONFIDENCE = 0.95
REPLICATES = 1000
MIN_COUNT = 10  # people: fewer could be recognised

MODEL, TWIN = "multi_task", "single_task"
"""Names of a study's network and of its single-task twins in tables, reports and settings."""
BOUND = 1.0
"""A gain lies between minus this and this."""


class EvaluationSettings(BaseModel):
    """How figures are measured, compared and hidden.

    Attributes:
        replicates: resamples of the bootstrap over persons and seeds.
        seed: seed of the bootstrap.
        confidence: share of the replicates inside an interval.
        min_count: fewest people of any class whose figures are shown; a smaller number of people is not said where a
            text is kept or shown.
        digits: decimals that values are rounded to.
        model: the model that is compared with all others.
        twin: the same network trained on one task at a time; against it sharing helps or hurts.
        too_good: by task and metric, the value above which a leak is suspected, in place of :data:`TOO_GOOD`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    replicates: int = Field(default=REPLICATES, ge=1)
    seed: int = 0
    confidence: float = Field(default=CONFIDENCE, gt=0, lt=1)
    min_count: int = Field(default=MIN_COUNT, ge=1)
    digits: int = Field(default=4, ge=1)
    model: str = MODEL
    twin: str = TWIN
    too_good: dict[str, dict[str, float]] = Field(default_factory=dict)

    def too_good_for(self, task: str, metrics: Iterable[Metric] = ()) -> dict[str, float]:
        """By metric, the value above which a leak is suspected in a task, also of the ``metrics`` of its kind."""
        others = {metric.name: metric.too_good for metric in metrics if metric.too_good is not None}
        return {**TOO_GOOD, **others, **self.too_good.get(task, {})}
