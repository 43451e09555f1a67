"""Blocks of a study's params on its nights: how long they wait, try and work, and what they do without."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AbsenceSettings(_Settings):
    """Which tasks are not scored on a night without some of its tables; see :mod:`flows.nightly.absence`.

    Attributes:
        max_cost: by so much of itself a task's error may grow without them, as measured on held-out people.
        max_feature_share: of a task's features, the share that may be made from them.
    """

    max_cost: float = Field(default=0.1, ge=0)
    max_feature_share: Share = 0.5


class NightSettings(_Settings):
    """How long a night waits, tries again and works; no result depends on it.

    Attributes:
        retries: how often a step is tried again whose error may be over in a while.
        retry_wait_s: seconds before the first new try; twice as many before each further one.
        score_timeout_s, retrain_timeout_s: seconds after which the work of a night, and that of a training, is stopped.
        settle_s: a drop without `_SUCCESS` is taken when it has not changed for so many seconds.
        max_drop_age_days: a night without a drop is a failure if the newest one is older.
    """

    retries: int = Field(default=3, ge=0)
    retry_wait_s: float = Field(default=10, ge=0)
    score_timeout_s: float = Field(default=4 * 3600, gt=0)
    retrain_timeout_s: float = Field(default=4 * 3600, gt=0)
    settle_s: float = Field(default=20, ge=0)
    max_drop_age_days: float = Field(default=3, ge=0)
