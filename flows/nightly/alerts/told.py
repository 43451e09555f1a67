"""Telling: of a thing a kind of message is sent once, and once that it is mended."""

from __future__ import annotations

from flows.nightly.alerts.message import Message, is_served
from flows.nightly.alerts.things import now, open_things
from flows.project.alerts import read_alerts
from flows.study.study import Study


def tell(study: Study, message: Message) -> bool:
    """Send a message, unless the same kind was told of its thing and nobody mended it; whether it was sent.

    This is what a flow calls that has something to tell of its own, such as drift.
    """
    if sent := remember(study, message):
        message.send()
    return sent


def remember(study: Study, message: Message) -> bool:
    """Note that a message is sent, or that Prefect itself sends it; whether its thing was not told of before."""
    if message.kind not in _kinds(study):
        return False
    with open_things(study) as things:
        before = things.get(message.thing, {})
        if message.kind in before.get("kinds", ()):
            return False
        kinds = [*before.get("kinds", ()), message.kind]
        since = before.get("since", now().isoformat(timespec="seconds"))
        things[message.thing] = {"kinds": kinds, "cause": message.cause, "next": message.next, "since": since}
    return True


def mended(study: Study, thing: str, subject: str, following: str, link: str = "") -> bool:
    """Say once that a thing that was told is mended; nothing where nothing was told. Whether it was said."""
    if not study.paths.told.is_file() or not _kinds(study):
        return False
    with open_things(study) as things:
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
        with open_things(study) as things:
            for thing in [name for name in things if name.startswith(beginning)]:
                del things[thing]


def _kinds(study: Study) -> tuple[str, ...]:
    """What is told: nothing where params.yaml names nobody, and nothing without a server that stays to send it."""
    settings = read_alerts(study.root)
    return settings.kinds if settings.to and is_served() else ()
