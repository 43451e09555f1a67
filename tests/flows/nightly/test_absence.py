"""A table that did not arrive costs the tasks that need it, and says so; what a study needs stops the night."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from flows.nightly.absence import Absence, NothingSoundError, absence_of, costs_of, needed_tables, require_sound
from flows.nightly.score_contract import scores_contract
from flows.project.night import AbsenceSettings
from flows.study.study import Study
from mtl_models.data.dataset import Feature, FeatureSpec
from mtl_models.data.tasks import Task
from schemas.published import PublishError, check_published
from tests.support import ROOT

TASKS = [Task(name="sbp", kind="regression"), Task(name="gout", kind="binary")]
# ten features: one of no table but the persons', four of FOOD, five of LAB of which sbp must not see four
SPEC = FeatureSpec(
    (
        Feature(name="d__age", domain="d"),
        *(Feature(name=f"f__{n}", domain="f", tables=("FOOD",)) for n in range(4)),
        Feature(name="l__0", domain="l", tables=("LAB",)),
        *(Feature(name=f"l__{n}", domain="l", tables=("LAB",), hidden_from=("sbp",)) for n in range(1, 5)),
    )
)
EVALUATION = {
    "absence": {
        "cases": {
            "without FOOD": {"tasks": {"sbp": {"value": -0.12}, "gout": {"value": 0.01}}},
            "without LAB": {"tasks": {"sbp": {"value": -0.02}, "gout": {"reason": "too few people"}}},
        }
    }
}


def found(*absent: str, optional: tuple[str, ...] = ("FOOD", "LAB"), measured: bool = True, **limits: float) -> Absence:
    costs = costs_of(EVALUATION if measured else {})
    return absence_of(absent, SPEC, TASKS, optional=optional, costs=costs, settings=AbsenceSettings(**limits))


def test_a_task_is_withheld_whose_error_would_grow_beyond_the_limit() -> None:
    assert found() == Absence()
    assert found("FOOD").text == "sbp: FOOD did not arrive, without which its error grows by 12%"
    assert found("FOOD", max_cost=0.12).withheld == {}
    assert found("LAB").withheld == {}
    both = found("FOOD", "LAB", max_cost=0.13)  # 0.12 + 0.02
    assert both.withheld == {
        "sbp": "FOOD and LAB did not arrive, without which its error grows by 14%",
        "gout": "FOOD and LAB did not arrive, from which 90% of its features are made",
    }


def test_where_nothing_was_measured_the_share_of_its_features_decides() -> None:
    alone = found("FOOD", measured=False)  # sbp sees 1 + 4 + 1 features, four of them of FOOD; gout 4 of 10
    assert alone.text == "sbp: FOOD did not arrive, from which 67% of its features are made"
    assert found("LAB", measured=False).withheld == {}  # 1 of 6, and 5 of 10 is not above a half
    assert list(found("LAB", measured=False, max_feature_share=0.4).withheld) == ["gout"]


def test_without_a_table_that_is_not_optional_every_task_that_sees_a_feature_of_it_is_withheld() -> None:
    absence = found("LAB", optional=("FOOD",))
    assert absence.lines is not None
    assert absence.lines.splitlines()[0] == ("sbp: LAB did not arrive, which the contract does not call optional")
    assert list(absence.withheld) == ["sbp", "gout"]
    with pytest.raises(NothingSoundError, match="without LAB no outcome can be scored"):
        require_sound(absence, TASKS)
    require_sound(found("FOOD"), TASKS)


def test_a_table_that_no_feature_is_made_of_costs_nothing() -> None:
    assert found("OTHER", optional=()).withheld == {}


def test_a_night_needs_the_persons_and_what_tells_who_is_in_the_cohort() -> None:
    assert needed_tables(Study(ROOT, "nhanes")) == {"DEMO"}
    assert needed_tables(Study(ROOT, "heart")) == {"cleveland"}


def test_what_is_withheld_is_empty_and_nothing_else_is() -> None:
    """The night's contract holds for these scores, and for no others."""
    absence = Absence(("FOOD",), {"gout": "FOOD did not arrive"})
    scores = pl.DataFrame(
        {
            "person_id": ["a", "b"],
            "score_date": [dt.date(2026, 11, 20)] * 2,
            "sbp": [120.0, 130.0],
            "gout": pl.Series([0, 1], dtype=pl.Int8),
            "gout__p": [0.2, 0.9],
            "model_version": ["m"] * 2,
            "run_id": ["r"] * 2,
            "scored_at": pl.Series([dt.datetime(2026, 11, 20, tzinfo=dt.UTC)] * 2, dtype=pl.Datetime("us", "UTC")),
            "withheld": [absence.text] * 2,
        }
    )
    night = scores_contract(TASKS, withheld=tuple(absence.withheld))
    published = absence.empty(scores, TASKS)
    assert {name: published[name].null_count() for name in published.columns if published[name].null_count()} == {
        "gout": 2,
        "gout__p": 2,
    }
    check_published(published, night)
    check_published(published, scores_contract(TASKS))
    said = published.with_columns(withheld=pl.lit(None, pl.String))
    lost = published.with_columns(sbp=pl.lit(None, pl.Float64))
    for wrong, message in ((scores, "gout fails empty"), (said, "withheld"), (lost, "sbp fails not_nullable")):
        with pytest.raises(PublishError, match=message):
            check_published(wrong, night)
    with pytest.raises(PublishError, match="gout fails not_nullable"):
        check_published(published, scores_contract(TASKS, withheld=()))
