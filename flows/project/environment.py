"""Settings of Prefect and of the process that hold for every command here; to be applied before Prefect is imported."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from flows.project.access import apply
from flows.project.paths import ROOT_VARIABLE

LOCAL = ("127.0.0.1", "localhost", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy")


def prepare(root: Path) -> None:
    """Keep Prefect's state in the project's folder, quiet and offline; what the user has set stays.

    What is written from here on is its owner's, see :mod:`flows.project.access`.
    """
    apply(root)
    os.environ.update(variables(root, os.environ))
    for name in _unusable_proxies(os.environ):
        del os.environ[name]


def variables(root: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The environment's variables that a command of this project adds to those that are ``given``."""
    wanted = {
        "PREFECT_HOME": str(root / ".prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
        # kept in memory, the place of a run that died together with the server would stay taken for ever
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # a server removes runs that ended more than 90 days ago, with their logs and artifacts, and not only old events
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        # the ephemeral server prints tracebacks when it stops
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        # a first start on a busy machine makes its database, which takes longer than the 20 seconds of the default
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        # a failure reaches the terminal as one sentence of the command, not as Prefect's traceback
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    home = given.get("PREFECT_HOME", wanted["PREFECT_HOME"])
    if "?" in home:
        # Prefect's own URL of its database would end at the question mark
        database = quote(os.fsencode(Path(home).resolve() / "prefect.db"))
        wanted["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///file:{database}?uri=true"
    added = {name: value for name, value in wanted.items() if name not in given}
    return {ROOT_VARIABLE: str(root), **added, **_past_proxies(given)}


def _past_proxies(given: Mapping[str, str]) -> dict[str, str]:
    """``no_proxy`` with this machine in it: a proxy cannot reach the server that runs here."""
    named = [given[name] for name in ("no_proxy", "NO_PROXY") if given.get(name)]
    hosts = list(dict.fromkeys([*(host.strip() for host in ",".join(named).split(",") if host.strip()), *LOCAL]))
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(hosts))


def _unusable_proxies(given: Mapping[str, str]) -> list[str]:
    """Variables of a SOCKS proxy, at whose sight Prefect's client (httpx) ends if it lacks the package for it."""
    if importlib.util.find_spec("socksio"):
        return []
    return [name for name in given if name.lower() in PROXIES and given[name].lower().startswith("socks")]
