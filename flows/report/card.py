"""The model card: what the run can say filled in, what only people can write visibly open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.report.card_facts import Facts, facts_of
from flows.report.context import ReportContext
from flows.report.page import standing_limits
from flows.report.templates import render
from flows.report.tripod import ITEMS

RUN, PEOPLE = "run", "people"


@dataclass(frozen=True)
class Field:
    """A field of the card.

    Attributes:
        title: its name.
        facts: names of what the run says of it.
        key: of ``card`` in params.yaml, where people write; empty where they need not.
    """

    title: str
    facts: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class Filled:
    """A field with its text; ``key`` names what is still open."""

    title: str
    lines: Sequence[str]
    key: str = ""


# the fields of the Applied Model Card of the Coalition for Health AI, schema v0.2, in its order
SECTIONS: dict[str, tuple[Field, ...]] = {
    "Basic information": (Field("Model developer", key="developer"), Field("Contact", key="contact")),
    "Release": (
        Field("Release stage", key="release_stage"),
        Field("Release date", key="release_date"),
        Field("Version", ("identity",)),
        Field("Global availability", key="availability"),
        Field("Regulatory approval", key="regulatory_approval"),
    ),
    "Summary": (Field("Summary", ("summary",)),),
    "Uses and directions": (
        Field("Intended use and workflow", key="intended_use"),
        Field("Primary intended users", key="intended_users"),
        Field("How to use", key="how_to_use"),
        Field("Targeted patient population", ("population",)),
        Field("Cautioned out-of-scope settings and uses", key="out_of_scope"),
    ),
    "Warnings": (
        Field("Known risks and limitations", ("limits",)),
        Field("Known biases or ethical considerations", ("groups",), "ethics"),
        Field("Clinical risk level", key="risk_level"),
    ),
    "AI system facts": (
        Field("Outcomes and outputs", ("outcomes",)),
        Field("Model type", ("model",)),
        Field("Input data source", ("population",), "data_source"),
        Field("Output and input data types", ("inputs",)),
        Field("Development data characterization", ("people", "missing")),
        Field("Bias mitigation approaches", key="bias_mitigation"),
        Field("Ongoing maintenance", key="maintenance"),
        Field("Security", key="security"),
    ),
    "Transparency": (
        Field("Funding source", key="funding"),
        Field("Stakeholders consulted", key="stakeholders"),
    ),
    "Key metrics: usefulness, usability, efficacy": (
        Field("Results", ("performance", "decisions")),
        Field("Test type and validation process", ("validation", "competitors")),
        Field("Interpretation", key="interpretation"),
    ),
    "Key metrics: fairness and equity": (Field("Results", ("groups",)),),
    "Key metrics: safety and reliability": (Field("Results", ("calibration",)),),
    "Resources": (
        Field("Peer-reviewed publications", key="publications"),
        Field("Patient consent or disclosure", key="consent"),
    ),
}


def render_card(context: ReportContext, written: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    """The card as HTML text.

    Args:
        context: as of the study's page.
        written: what people wrote, by key of ``card`` in params.yaml.
        settings: what decided the run: at least ``model`` and ``training``, as plain types.
    """
    facts = facts_of(context, settings)
    facts["limits"] = [*facts["limits"], *standing_limits(context)]
    sections = {title: [_fill(field, facts, written) for field in fields] for title, fields in SECTIONS.items()}
    items = [(item.number, _fill(Field(item.title, item.facts, item.key), facts, written)) for item in ITEMS]
    fields = [field for each in sections.values() for field in each] + [field for _, field in items]
    open_keys = list(dict.fromkeys(field.key for field in fields if field.key))
    view = {"context": context, "sections": sections, "items": items, "open_keys": open_keys}
    return render(Path(__file__).with_name("card.html"), **view)


def _fill(field: Field, facts: Facts, written: Mapping[str, str]) -> Filled:
    lines = list(_lines(field, facts, written))
    is_open = bool(field.key) and not written.get(field.key)
    return Filled(field.title, lines, field.key if is_open else "")


def _lines(field: Field, facts: Facts, written: Mapping[str, str]) -> Iterator[str]:
    if field.key and written.get(field.key):
        yield written[field.key]
    for name in field.facts:
        yield from filter(None, facts[name])
