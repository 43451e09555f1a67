"""Settings of the watch: how much may change before it is said, and in how many nights before somebody is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(gt=0, lt=1)]


class WatchSettings(BaseModel):
    """What a night is compared with, and when it alarms. The limits do not depend on how many people there are.

    Attributes:
        k, n: something is in alarm if it was beyond its limit in ``k`` of the last ``n`` nights; a dead feed at once.
        trailing: so many nights before are what a night's tables are compared with.
        least_nights: with fewer of them nothing is said of the tables' rows and cells.
        rows: a table with so many times fewer, or more, rows than usual is beyond its limit.
        missing: so is a column of which the share of empty cells is greater by so much,
        rejected: a rule that rejects a share of a table's rows which is greater by so much,
        inputs: a feature whose population stability index against the training people is more,
        scores: a score whose index against the model's held-out predictions is more,
        performance: a task whose headline metric is smaller by so much than on held-out people.
        chance: how often a night like all others may be beyond any of its limits on inputs or scores by chance.
        months: performance is looked at by month of prediction, for so many months.
        people: of a month so many are looked at, drawn by a hash of their key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    k: int = Field(default=2, ge=1)
    n: int = Field(default=3, ge=1)
    trailing: int = Field(default=28, ge=1)
    least_nights: int = Field(default=5, ge=1)
    rows: float = Field(default=2.0, gt=1)
    missing: Share = 0.1
    rejected: Share = 0.02
    inputs: float = Field(default=0.2, gt=0)
    scores: float = Field(default=0.2, gt=0)
    performance: Share = 0.05
    chance: Share = 0.01
    months: int = Field(default=12, ge=1)
    people: int = Field(default=2_000, ge=100)

    @model_validator(mode="after")
    def _k_of_n(self) -> WatchSettings:
        if self.k > self.n:
            raise ValueError(f"k must not be more than n: {self.k} of {self.n} nights can never be beyond a limit")
        return self
