"""What this project writes into DVC's files; whatever has another form is left to DVC itself."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

KEY = "${key}"


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Recorded(_Form):
    """A file or folder as DVC found it; a folder's hash ends in ``.dir``."""

    path: str
    hash: Literal["md5"]
    md5: str
    size: int | None = None
    nfiles: int | None = None
    isexec: bool = False
    remote: str | None = None


class LockedStage(_Form):
    """A stage in ``dvc.lock``: what its last run read and made."""

    cmd: str
    deps: list[Recorded] = Field(default_factory=list)
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)
    outs: list[Recorded] = Field(default_factory=list)


class Source(_Form):
    """A ``.dvc`` file of data that no stage makes."""

    outs: list[Recorded]
    desc: str = ""


class Definition(_Form):
    """A stage in ``dvc.yaml``, its paths without options."""

    cmd: str
    desc: str = ""
    deps: list[str] = Field(default_factory=list)
    params: list[str] = Field(default_factory=list)
    outs: list[str] = Field(default_factory=list)
    metrics: list[str] = Field(default_factory=list)
    plots: list[str] = Field(default_factory=list)

    def of(self, key: str) -> Definition:
        """The same with a study's name in place of ``${key}``, its description left out.

        Raises:
            ValueError: if anything else is to be filled in.
        """
        text = self.model_dump_json(exclude={"desc"}).replace(KEY, key)
        if "${" in text:
            raise ValueError("a stage of another form")
        return Definition.model_validate_json(text)


class ForEachStudy(_Form):
    """A stage of every study."""

    foreach: Literal["${studies}"]
    do: Definition
