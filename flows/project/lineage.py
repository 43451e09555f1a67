"""The block ``lineage`` of params.yaml, and the sink that it names: a file, or an address that is posted to."""

from __future__ import annotations

import json
import os
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flows.project.blocks import read_top
from mtl_models.settings import parse_settings

BLOCK = "lineage"


class LineageSettings(BaseModel):
    """Where events go.

    Attributes:
        file: a file that a line is added to for each event; a relative path is below the project's folder.
        url: an address that each event is posted to, such as that of Marquez, ``http://host:5000/api/v1/lineage``.
        token: name of the variable that holds the address' token, if it wants one.
        timeout_s: how long the address may take to answer.
        namespace: of the jobs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = ""
    url: str = ""
    token: str = ""
    timeout_s: float = Field(default=5, gt=0, le=60)
    namespace: str = Field(default="mtl-health", min_length=1)

    @model_validator(mode="after")
    def _one_sink(self) -> LineageSettings:
        if bool(self.file) == bool(self.url):
            raise ValueError("events have one sink: `file`, a path, or `url`, an address")
        url = urlsplit(self.url)
        if self.url and (url.scheme not in ("http", "https") or not url.hostname):
            raise ValueError("url: must be an address such as http://host:5000/api/v1/lineage")
        if url.username or url.password:
            raise ValueError("url: holds no credentials: `token` names the variable that holds one")
        return self


def parse_lineage(block: Any, where: str) -> LineageSettings | None:
    """The block as it stands in a file; None where there is none.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return None if block is None else parse_settings(LineageSettings, block, where=f"{where}: {BLOCK}")


def read_lineage(root: Path) -> LineageSettings | None:
    """The block of params.yaml; None where there is none: then nothing is sent.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return parse_lineage(*read_top(root, BLOCK))


def send(root: Path, settings: LineageSettings, event: dict[str, Any]) -> str:
    """Hand an event to the sink, and say in a sentence what kept it from that; nothing where it went well."""
    line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    try:
        if settings.file:
            file = root / settings.file
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as sink:
                sink.write(f"{line}\n")  # one write, so that lines of two runs do not mix
            return ""
        headers = {"Content-Type": "application/json"}
        if settings.token:
            headers["Authorization"] = f"Bearer {os.environ.get(settings.token, '')}"
        request = urllib.request.Request(settings.url, line.encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=settings.timeout_s):
            return ""
    except (OSError, HTTPException, ValueError) as error:
        where = settings.file or urlsplit(settings.url).netloc
        kind = f"status {error.code}" if isinstance(error, urllib.request.HTTPError) else type(error).__name__
        return f"the lineage event {event['eventType']} did not reach {where} ({kind}); the run goes on"
