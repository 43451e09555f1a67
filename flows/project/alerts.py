"""The block `alerts` of params.yaml: who is told what of a night. Without it nobody is. No secret stands in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flows.project.blocks import read_top
from mtl_models.settings import parse_settings
from mtl_models.wording import unknown

BLOCK = "alerts"
KINDS = {
    "failure": "a run failed, crashed or was killed",
    "refusal": "a drop or a study was refused: its data or settings must be mended",
    "gate": "the gate did not let a new model replace the champion",
    "drift": "inputs, scores or performance are not what they were",
    "missed": "a scheduled run did not start",
    "stale": "the newest scores are too old",
    "recovered": "what was told before is mended",
}
"""What is told, by the name that ``kinds`` gives it."""
TYPES = ("webhook", "slack", "teams")


class Receiver(BaseModel):
    """Who is told: by a URL that the environment names, or by a block that stands in Prefect.

    Attributes:
        type: what answers at the URL: ``webhook`` is sent JSON, ``slack`` and ``teams`` a text.
        url_from: the environment variable that holds the URL, which is a secret.
        block: in place of both, a notification block of Prefect, such as ``slack-webhook/on-call``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = "webhook"
    url_from: str = ""
    block: str = ""

    @field_validator("type")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in TYPES:
            raise ValueError(unknown(name, TYPES))
        return name

    @field_validator("url_from")
    @classmethod
    def _is_no_url(cls, name: str) -> str:
        if "/" in name or ":" in name:
            raise ValueError("must be the name of an environment variable, not a URL: whoever knows it can post there")
        return name

    @model_validator(mode="after")
    def _one_way(self) -> Receiver:
        if bool(self.url_from) == bool(self.block):
            raise ValueError("needs `url_from`, an environment variable with the URL, or `block`, a block of Prefect")
        if self.block and self.block.count("/") != 1:
            raise ValueError("`block` must be TYPE/NAME, such as slack-webhook/on-call")
        return self


class AlertSettings(BaseModel):
    """Who is told, and of what.

    Attributes:
        to: receivers by name.
        kinds: what is told; all if left out.
        late_minutes: a scheduled run that has not started so long after it was due is told as missed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: dict[str, Receiver] = {}
    kinds: tuple[str, ...] = tuple(KINDS)
    late_minutes: float = Field(default=30, ge=1)

    @field_validator("to")
    @classmethod
    def _names_of_blocks(cls, to: dict[str, Receiver]) -> dict[str, Receiver]:
        for name in to:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
                raise ValueError(
                    f"{name!r}: a receiver's name has small letters, digits and dashes: Prefect keeps it so"
                )
        return to

    @field_validator("kinds")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in KINDS:
                raise ValueError(unknown(name, KINDS))
        return names


def parse_alerts(block: Any, where: str) -> AlertSettings:
    """The block as it stands in a file.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return parse_settings(AlertSettings, block or {}, where=f"{where}: {BLOCK}")


def read_alerts(root: Path) -> AlertSettings:
    """The block of params.yaml; without one nobody is told.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return parse_alerts(*read_top(root, BLOCK))
