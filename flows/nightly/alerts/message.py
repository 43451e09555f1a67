"""A message of a night: what happened, why in one sentence, where to look and what to type; and how it is sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from prefect.events import emit_event
from prefect.settings import PREFECT_API_URL

EVENT = "mtl-health.alert"
"""Name of the events, with a dot and the message's kind behind it."""
MOST = 800  # characters of a cause: receivers of short messages cut off, or refuse, what is long


@dataclass(frozen=True)
class Message:
    """One message. None of its texts holds a value or identifier of a person.

    Attributes:
        kind: a name of ``flows.project.alerts.KINDS``.
        study: whose night it is.
        thing: what it is about, such as ``score 2026-11-20``: of one thing a kind is told once, until it is mended.
        subject: what happened, in some words.
        cause: why, in one sentence.
        next: what to type.
        link: a page that shows more.
    """

    kind: str
    study: str
    thing: str
    subject: str
    cause: str
    next: str
    link: str = ""

    def send(self) -> None:
        """Hand it to Prefect's server, whose automations tell those whom params.yaml names."""
        resource = {"prefect.resource.id": f"mtl-health.study.{self.study}", "prefect.resource.name": self.study}
        emit_event(f"{EVENT}.{self.kind}", resource, payload=asdict(self))


def one_sentence(text: str) -> str:
    """The first of several sentences without its last words on what to type, which a message says apart."""
    first, *rest = [line for line in text.splitlines() if line.strip()] or [""]
    first = first.partition("; `mtl-health")[0]
    more = f" (and {len(rest)} more, see the link)" if rest else ""
    return (first if len(first) <= MOST else f"{first[: MOST - 1]}…") + more


def is_served() -> bool:
    """Whether runs are recorded by a server that stays; one of a command's own ends with it, whatever it was told."""
    return bool(PREFECT_API_URL.value())
