"""The model card: every text that people can write has a place, what the run says is there, and what is open shows."""

from __future__ import annotations

from dataclasses import replace

from flows.project.card_settings import CardSettings
from flows.report.card import SECTIONS, render_card
from flows.report.card_facts import facts_of
from flows.report.context import ReportContext
from flows.report.tripod import ITEMS
from mtl_models.settings import ModelSettings, TrainingSettings
from tests.flows.report.test_report import TASKS, demo_context

SETTINGS = {"model": ModelSettings().model_dump(mode="json"), "training": TrainingSettings().model_dump(mode="json")}
FIELDS = [field for fields in SECTIONS.values() for field in fields] + list(ITEMS)


def context() -> ReportContext:
    return replace(demo_context(), tasks=TASKS)


def test_every_text_of_people_has_a_place_and_every_field_is_somebodys() -> None:
    assert {field.key for field in FIELDS} - {""} == set(CardSettings.model_fields)
    assert all(field.key or field.facts for field in FIELDS)
    assert {name for field in FIELDS for name in field.facts} <= set(facts_of(context(), SETTINGS))
    numbers = {int("".join(c for c in item.number.split("-")[0].split(",")[0] if c.isdigit())) for item in ITEMS}
    assert numbers == set(range(1, 28))


def test_what_is_not_written_is_visibly_open_and_what_is_written_stands_there() -> None:
    empty = CardSettings().model_dump()
    page = render_card(context(), empty, SETTINGS)
    assert page.count("Open: only people can write this") == sum(bool(field.key) for field in FIELDS)
    assert f"{len(empty)} texts that only people can write are open" in page
    page = render_card(context(), {**empty, "funding": "Nobody <paid>"}, SETTINGS)
    assert "Nobody &lt;paid&gt;" in page
    assert "card.funding" not in page
    assert f"{len(empty) - 1} texts" in page


def test_figures_of_the_run_are_on_it_and_no_small_count() -> None:
    page = render_card(context(), CardSettings().model_dump(), SETTINGS)
    assert "Systolic pressure: R² " in page
    assert "observed over expected" in page
    assert "sensitivity" in page
    assert "stroke (from" not in page, "six strokes are too few"
