"""Where the change records of a study's promotions lie."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flows.stores.registry import ModelRegistry


def record_path(registry: ModelRegistry, version: str, promoted_at: dt.datetime) -> Path:
    """Where the page of a promotion lies."""
    return registry.version_folder(version) / "changes" / f"{promoted_at:%Y-%m-%dT%H%M%S.%f}Z.html"
