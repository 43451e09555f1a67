"""Settings of Prefect and pandera that hold for every command here; to be applied before Prefect is imported."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from flows.paths import ROOT_VARIABLE


def prepare(root: Path) -> None:
    """Keep Prefect's state in the project's folder, quiet and offline; what the user has set stays."""
    os.environ[ROOT_VARIABLE] = str(root)
    quiet = {
        "PREFECT_HOME": str(root / ".prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
        # kept in memory, the place of a run that died together with the server would stay taken for ever
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # the ephemeral server prints tracebacks when it stops
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        # a first start on a busy machine makes its database, which takes longer than the 20 seconds of the default
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        # a failure reaches the terminal as one sentence of the command, not as Prefect's traceback
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    if "?" in (home := os.environ["PREFECT_HOME"]):
        # Prefect's own URL of its database would end at the question mark
        database = quote(str(Path(home).resolve() / "prefect.db"))
        os.environ.setdefault("PREFECT_SERVER_DATABASE_CONNECTION_URL", f"sqlite+aiosqlite:///file:{database}?uri=true")
