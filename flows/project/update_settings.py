"""Settings of updates: on whom a correction of the champion is fitted and judged, and how sure it must be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]


class UpdateSettings(BaseModel):
    """When the champion is corrected.

    Attributes:
        nightly: whether `retrain` looks for a correction at its end. Whoever looks often finds something by chance more
            often, and published probabilities change with every correction, so this is for each study to say.
        days: people count who were scored in so many days until the date.
        people: so many of them are looked at, drawn by a hash of their key.
        judged: the share of them that nothing is fitted on: on these the gate judges.
        chance: how often something may be changed without need, over all outcomes.
        growth: `retrain` looks again when so much more people are known than at the last look, as a share of those.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    nightly: bool = False
    days: int = Field(default=180, ge=1)
    people: int = Field(default=20_000, ge=100)
    judged: Share = 0.4
    chance: Share = 0.05
    growth: float = Field(default=0.5, gt=0)
