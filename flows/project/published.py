"""The key ``published`` of a study: what those who read its tables are promised."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SecretSettings(BaseModel):
    """Where a secret is found; what it is stands nowhere in the project.

    Attributes:
        environment: name of the variable that holds it.
        prefect: name of the Secret block of Prefect's server that holds it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str = ""
    prefect: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> SecretSettings:
        if bool(self.environment) == bool(self.prefect):
            raise ValueError("a secret has one place: `environment`, a variable's name, or `prefect`, a Secret block's")
        return self


class PublishedSettings(BaseModel):
    """What the published tables are like.

    Attributes:
        person_key: whether persons stand in them by their key as it was delivered, or by its keyed hash.
        secret: where the key of the hash is found.
        majors: major versions of the contracts of tables that a change of this study broke.
        audit_days: how long every version of a table can be read; maintenance removes none that is younger.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    person_key: Literal["plain", "hashed"] = "plain"
    secret: SecretSettings | None = None
    majors: dict[Literal["scores", "rejects", "runs", "champions", "landings", "watched"], int] = {}
    audit_days: int = Field(default=400, ge=1)

    @model_validator(mode="after")
    def _hashed_with_a_secret(self) -> PublishedSettings:
        if self.person_key == "hashed" and self.secret is None:
            raise ValueError("`person_key: hashed` needs `secret`, the place of the hash's key: {environment: NAME}")
        return self
