"""What a doctor asks Prefect's server, over HTTP: Prefect itself takes a second to import."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.project.server import Server, Serving, ask

TIMEOUT = 3.0


@dataclass(frozen=True)
class Api:
    """A server by the URL of its API.

    Attributes:
        url: where it is.
        is_named: whether the environment names it; else it is where `make serve` starts it.
    """

    url: str
    is_named: bool = False

    @classmethod
    def of(cls, home: Path) -> Api:
        """The server of an installation: the one that PREFECT_API_URL names, or that of its last `make serve`."""
        if named := os.environ.get("PREFECT_API_URL"):
            return cls(named.rstrip("/"), is_named=True)
        serving = Serving.read(home)
        return cls((Server(serving.port) if serving else Server.from_environment()).url)

    @cached_property
    def answers(self) -> bool:
        """Whether a Prefect server answers."""
        return ask(self.url, "health", timeout=TIMEOUT) is True

    @cached_property
    def home(self) -> Path | None:
        """The folder of the server's own state; None if it does not say."""
        settings = ask(self.url, "admin/settings", timeout=TIMEOUT)
        return Path(settings["home"]).resolve() if isinstance(settings, dict) and settings.get("home") else None

    def all(self, kind: str, **where: Any) -> list[dict[str, Any]]:
        """The objects of a kind, such as ``deployments``; none where the server does not answer."""
        found = ask(self.url, f"{kind}/filter", {"limit": 200, **where}, timeout=TIMEOUT) if self.answers else None
        return found if isinstance(found, list) else []
