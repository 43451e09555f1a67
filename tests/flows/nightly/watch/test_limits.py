"""What is beyond its limit, by values worked by hand; on nights of drawn numbers a shift is found, and calm is calm."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.nightly.watch.alarms import alarms_of
from flows.nightly.watch.chance import more_than, shift_of
from flows.nightly.watch.counting import Bins, Counted, Reference
from flows.nightly.watch.feeds import watch_feeds
from flows.nightly.watch.records import BEYOND, DEAD, FINE, NOT_JUDGED, TABLES, Record
from flows.nightly.watch.reference import reference_of
from flows.nightly.watch.shift import domains_of, watch_shift
from flows.project.watch_settings import WatchSettings
from mtl_models.data.dataset import PERSON
from mtl_models.data.describe import feature_spec
from mtl_models.data.tasks import Task

SETTINGS = WatchSettings()
TASKS = (Task.from_dict({"name": "risk", "kind": "binary", "columns": ["T.x"]}),)
FIRST = dt.date(2026, 1, 1)


def test_the_index_is_that_of_the_formula_with_chance_taken_off() -> None:
    found = shift_of(np.array([8_000, 2_000]), np.array([5_000, 5_000]))
    by_hand = 0.3 * math.log(0.8 / 0.5) - 0.3 * math.log(0.2 / 0.5)  # 0.4159
    assert found.value == pytest.approx(by_hand - 2 / 10_000, abs=2e-4)
    assert found.p < 1e-12


def test_the_index_means_the_same_for_few_and_for_many() -> None:
    many = shift_of(np.array([800_000, 200_000]), np.array([5_000, 5_000]))
    few = shift_of(np.array([80, 20]), np.array([5_000, 5_000]))
    assert few.value == pytest.approx(many.value, abs=0.02)
    assert few.p > many.p


def test_bins_of_too_few_are_put_together_and_ten_people_alone_say_nothing() -> None:
    reference = np.full(10, 100)
    assert shift_of(np.array([5, 0, 0, 0, 0, 0, 0, 0, 0, 0]), reference).value is None
    assert shift_of(np.zeros(10), reference).value is None
    assert shift_of(np.array([30, 0, 0, 0, 0, 0, 0, 0, 0, 0]), reference).p < 1e-6


def test_a_share_that_grew_is_held_against_the_binomial_distribution() -> None:
    assert more_than(2, 2, 49, 98) == pytest.approx(0.25)
    assert more_than(0, 10, 5, 10) == 1


def test_bins_tell_values_missing_and_unknown_apart() -> None:
    numbers = Bins.of(pl.Series([1.0, 2.0, 3.0, None]))
    assert numbers.codes(pl.Series([0.0, 1.0, 2.4, 9.0, None])).tolist() == [0, 0, 1, 2, 3]
    constant = Bins.of(pl.Series([4.0, 4.0]))
    assert constant.codes(pl.Series([3.0, 4.0, 5.0, None])).tolist() == [0, 1, 2, 3]
    words = Bins.of(pl.Series(["a"]), ["a", "b"])
    assert words.codes(pl.Series(["b", "a", "z", None])).tolist() == [1, 0, 2, 3]
    assert Bins.of(pl.Series([None, None], dtype=pl.Float64)).codes(pl.Series([None, 1.0])).tolist() == [1, 0]
    assert len(set(Bins.of(pl.Series(range(1000))).codes(pl.Series(range(1000))))) == 10


def summary(n_rows: int, *, empty: int = 0, rejected: int = 0, absent: bool = False) -> dict[str, Any]:
    table = {
        "n_rows": n_rows,
        "n_valid": n_rows - rejected,
        "n_rejected": rejected,
        "rejected_by_rule": {"unique": rejected} if rejected else {},
        "empty_by_column": {"x": empty} if empty else {},
        "nulled_by_column_and_rule": {},
        "absent_columns": [],
    }
    return {"absent": ["T"] if absent else [], "tables": {"T": table}}


@pytest.mark.parametrize(
    ("tonight", "before", "states"),
    [
        (summary(100), [summary(100)] * 5, {"rows": FINE}),
        (summary(49), [summary(100)] * 5, {"rows": BEYOND}),
        (summary(201), [summary(100)] * 5, {"rows": BEYOND}),
        (summary(49), [*[summary(100)] * 5, summary(40)], {"rows": FINE}),  # such a night there was
        (summary(49), [summary(100)] * 4, {"rows": NOT_JUDGED}),
        (summary(2), [summary(6)] * 5, {"rows": FINE}),  # by chance
        (summary(0), [summary(100)], {"rows": DEAD}),
        (summary(0, absent=True), [summary(3)] * 3, {"rows": DEAD}),
        (summary(0), [summary(3)] * 9, {"rows": BEYOND}),  # no row of a rare kind is no dead feed
        (summary(0, absent=True), [summary(0, absent=True)] * 9, {"rows": FINE}),
        (summary(500), [summary(0)] * 9, {"rows": FINE}),  # a feed that comes now and then
        (summary(100, empty=30), [summary(100, empty=10)] * 5, {"rows": FINE, "missing": BEYOND}),
        (summary(100, empty=19), [summary(100, empty=10)] * 5, {"rows": FINE, "missing": FINE}),
        (summary(10, empty=3), [summary(100, empty=10)] * 5, {"rows": BEYOND, "missing": FINE}),  # 3 of 10 by chance
        (summary(200, rejected=15), [summary(200)] * 5, {"rows": FINE, "rejected": BEYOND}),
        (summary(200, rejected=4), [summary(200)] * 5, {"rows": FINE, "rejected": FINE}),
    ],
)
def test_tables_against_the_nights_before(
    tonight: dict[str, Any], before: list[dict[str, Any]], states: dict[str, str]
) -> None:
    found = watch_feeds(tonight, before, SETTINGS, 10)
    assert {each.measure: each.state for each in found} == states


def test_small_counts_are_not_said() -> None:
    rows, missing = watch_feeds(summary(100, empty=3), [summary(100, empty=1)] * 5, SETTINGS, 10)
    assert (rows.n, missing.value, missing.usual) == (100, None, None)
    assert missing.words == "fewer than 10 of 100 rows; usual are fewer than 10 of 500 rows"
    assert watch_feeds(summary(7), [summary(100)] * 5, SETTINGS, 10)[0].n is None


def record(state: str) -> Record:
    return Record(area=TABLES, measure="rows", name="T", state=state, words="none")


@pytest.mark.parametrize(
    ("states", "alarm"),
    [
        ([FINE, FINE, BEYOND], False),
        ([BEYOND, FINE, BEYOND], True),
        ([BEYOND, BEYOND, FINE], True),
        ([BEYOND, BEYOND, FINE, FINE], False),
        ([FINE, FINE, DEAD], True),
        ([FINE, DEAD, FINE], False),
        ([FINE, DEAD, BEYOND], True),
    ],
)
def test_two_of_three_nights_alarm_and_a_dead_feed_at_once(states: list[str], alarm: bool) -> None:
    nights = {FIRST + dt.timedelta(days=place): [record(state)] for place, state in enumerate(states)}
    assert bool(alarms_of(nights, max(nights), SETTINGS)) == alarm


def people(generator: np.random.Generator, n: int, shift: float = 0.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Features, dependent on each other, and scores of some people."""
    common = generator.normal(size=n)
    numbers = {f"lab__{place}": common + generator.normal(size=n) for place in range(6)}
    numbers["lab__0"] = numbers["lab__0"] + shift
    ill = generator.random(n) < 0.02
    features = pl.DataFrame(
        {PERSON: [f"p{place}" for place in range(n)], **numbers}
        | {"who__sex": generator.choice(["f", "m"], n), "who__rare": np.where(ill, "yes", "no")}
    )
    features = features.with_columns(
        pl.when(pl.Series(generator.random(n) < 0.05)).then(None).otherwise(pl.col("lab__5")).alias("lab__5"),
        pl.col("who__sex").cast(pl.Enum(["f", "m"])),
        pl.col("who__rare").cast(pl.Enum(["no", "yes"])),
    )
    risk = 1 / (1 + np.exp(-features["lab__0"].to_numpy()))
    return features, pl.DataFrame({PERSON: features[PERSON], TASKS[0].prediction_columns[0]: risk})


def reference(generator: np.random.Generator, n: int) -> Reference:
    features, scores = people(generator, n)
    return reference_of(features, features, scores, feature_spec(features, {}, {}), TASKS, {"who__sex": ()})


def night(known: Reference, features: pl.DataFrame, scores: pl.DataFrame, settings: WatchSettings) -> list[Record]:
    tasks = {task.name: task.prediction_columns for task in TASKS}
    return watch_shift(known, Counted.of(known, features, scores), domains_of(known), tasks, settings, 10)


@pytest.mark.parametrize("n", [30, 100])
def test_two_hundred_nights_like_training_do_not_alarm_and_are_seldom_beyond(n: int) -> None:
    generator = np.random.default_rng(7)
    known = reference(generator, 1_000)
    nights = {FIRST + dt.timedelta(days=place): night(known, *people(generator, n), SETTINGS) for place in range(200)}
    assert not [day for day in nights if alarms_of(nights, day, SETTINGS)]
    odd = sum(any(each.state == BEYOND for each in records) for records in nights.values())
    assert odd <= 6  # of 200 at 0.01 each: more than 6 come by chance once in 200 times


def test_a_shift_of_one_feature_and_its_score_is_found_in_k_nights() -> None:
    generator = np.random.default_rng(8)
    known = reference(generator, 1_000)
    nights = {
        FIRST + dt.timedelta(days=place): night(known, *people(generator, 100, shift=1.5 * (place > 0)), SETTINGS)
        for place in range(3)
    }
    days = sorted(nights)
    assert not alarms_of(nights, days[1], SETTINGS)
    alarms = alarms_of(nights, days[2], SETTINGS)
    assert {alarm.record.area for alarm in alarms} == {"inputs", "scores"}
    assert alarms[0].words.endswith("; 2 of 3 nights, the last 2026-01-03")


def test_counts_of_parts_add_up_to_those_of_all_and_a_reference_comes_back_from_text() -> None:
    generator = np.random.default_rng(9)
    known = Reference.from_json(reference(generator, 400).to_json())
    features, scores = people(generator, 90)
    whole = Counted.of(known, features, scores)
    parts = [Counted.of(known, features[start : start + 40], scores[start : start + 40]) for start in (0, 40, 80)]
    total = Counted.total(parts)
    assert all((total.inputs[name] == counts).all() for name, counts in whole.inputs.items())
    assert all((total.scores[name] == counts).all() for name, counts in whole.scores.items())
    assert [name for name, _, _ in known.groups] == ["", "who__sex, f", "who__sex, m"]
    by_sex = features["who__sex"].value_counts().sort("who__sex")["count"]
    assert whole.inputs["lab__5"].sum(axis=1).tolist() == [90, *by_sex]
