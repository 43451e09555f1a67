"""What was told of a study and is not mended yet, in a file: of a thing a kind of message is sent once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock

from flows.nightly.alerts.message import Message, is_served
from flows.project.alerts import read_alerts
from flows.project.paths import read_json, write_json
from flows.study.study import Study


def tell(study: Study, message: Message) -> bool:
    """Send a message, unless the same kind was told of its thing and nobody mended it; whether it was sent.

    This is what a flow calls that has something to tell of its own, such as drift.
    """
    if message.kind not in _kinds(study):
        return False
    with _open_things(study) as things:
        if things.get(message.thing, {}).get("kind") == message.kind:
            return False
        things[message.thing] = {"kind": message.kind, "cause": message.cause, "since": _now()}
    message.send()
    return True


def mended(study: Study, thing: str, subject: str, following: str, link: str = "") -> bool:
    """Say once that a thing that was told is mended; nothing where nothing was told. Whether it was said."""
    if not study.paths.told.is_file() or not _kinds(study):
        return False
    with _open_things(study) as things:
        before = things.pop(thing, None)
    if before is None:
        return False
    if "recovered" in _kinds(study):
        cause = f"what was told on {before['since'][:16].replace('T', ' ')} UTC is mended: {before['cause']}"
        Message("recovered", study.name, thing, subject, cause, following, link).send()
    return True


def forget(study: Study, beginning: str) -> None:
    """Drop all things of a beginning without a word: what was told of them is no longer of interest."""
    if study.paths.told.is_file():
        with _open_things(study) as things:
            for thing in [name for name in things if name.startswith(beginning)]:
                del things[thing]


def _kinds(study: Study) -> tuple[str, ...]:
    """What is told: nothing where params.yaml names nobody, and nothing without a server that stays to send it."""
    settings = read_alerts(study.root)
    return settings.kinds if settings.to and is_served() else ()


@contextmanager
def _open_things(study: Study) -> Iterator[dict[str, Any]]:
    """The things that are open by name, written back at the end; nobody else changes them meanwhile."""
    path = study.paths.told
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=60):
        things = read_json(path) if path.is_file() else {}
        before = dict(things)
        yield things
        if things != before:
            write_json(path, things)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
