"""Settings of the gate: what a challenger must reach, and how much worse than another model it may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mtl_models.metrics.settings import REPLICATES

Loss = Annotated[float, Field(gt=0, lt=1)]
MEAN = "mean"


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MarginSettings(_Settings):
    """Relative losses that are too large; where few people cannot tell them from chance, they grow.

    Attributes:
        mean: of the mean over tasks.
        task: of one task.
        subgroup: of the mean over tasks in one subgroup.
        widest: how far each of them may grow. Beyond it the same recipe may be refused more often than 1 in 20 times.
    """

    mean: Loss = 0.02
    task: Loss = 0.1
    subgroup: Loss = 0.1
    widest: Loss = 0.25


class CalibrationSettings(_Settings):
    """How far off its calibration a model may be.

    Attributes:
        excess: distance from calibration beyond that of a perfectly calibrated model of as many people: in probability,
            or for a number in standard deviations of the outcome.
        min_events: a class or label with fewer people is not judged.
    """

    excess: float = Field(default=0.1, gt=0)
    min_events: int = Field(default=50, ge=1)


class LimitSettings(_Settings):
    """What the file may cost.

    Attributes:
        seconds_per_1000: to score a thousand people, on one thread.
        megabytes: of the file.
    """

    seconds_per_1000: float = Field(default=5.0, gt=0)
    megabytes: float = Field(default=100.0, gt=0)


class GateSettings(_Settings):
    """When a challenger replaces the champion.

    Attributes:
        replicates: resamples of the people.
        seed: of the resamples.
        confidence: how surely a model that is worse by a margin is refused.
        seed_sd: by task, and ``mean`` of their mean, the standard deviation of the relative loss between seeds, where
            it was measured; else it is taken from the study's own seeds or repeats.
        assumed_seed_sd: the same where the study trains one seed and has no repeats.
        anchor: the version that no champion may fall behind by a margin, by its first figures; the study's first
            champion if left out.
        floors: by task and metric, the least that a model must reach.
        min_events: the fewest people of a task: with a label of a number, else outside its commonest class.
        subgroups: feature columns that tell groups apart, each with the numbers that part it; without any, every value
            of the column is a group.
        subgroup_people: a group of fewer is not judged.
    """

    replicates: int = Field(default=REPLICATES, ge=100)
    seed: int = 0
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    margins: MarginSettings = MarginSettings()
    seed_sd: dict[str, Annotated[float, Field(ge=0)]] = {}
    assumed_seed_sd: float = Field(default=0.01, ge=0)
    anchor: str = Field(default="", pattern="^[0-9a-f]*$")
    floors: dict[str, dict[str, float]] = {}
    min_events: int = Field(default=10, ge=1)
    calibration: CalibrationSettings = CalibrationSettings()
    subgroups: dict[str, tuple[float, ...]] = {}
    subgroup_people: int = Field(default=50, ge=1)
    limits: LimitSettings = LimitSettings()
