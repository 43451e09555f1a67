"""whas500 and nmes1988: what the tasks must not see, outcomes worked by hand, and splits that leave nobody out."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.features.build import build_features
from flows.features.lookup import study_features
from flows.features.splits import read_splits
from flows.features.view import hidden_patterns, is_hidden, visible_tables
from flows.nightly.sample import write_sample_drop
from flows.stages.features import cohort_features
from flows.stages.validate import validate
from flows.stores.valid import read_valid
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.contract import load_contract

STUDIES = ("whas500", "nmes1988")
BOTH = pytest.mark.parametrize("study", STUDIES)
LEAKS = {
    "whas500": {"los", "lenfol", "fstat"},
    # what the limitations and the state of health are made of, and every other use of care
    "nmes1988": {"ofp", "ofnp", "opp", "opnp", "emr", "hosp", "hlth", "adldiff"},
}


@pytest.fixture(scope="module")
def valid(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {study: tmp_path_factory.mktemp(study) / "valid" for study in STUDIES}
    for study, folder in folders.items():
        validate(Study(root, study), root / "data" / "raw" / study, folder)
    return folders


def hidden_of(root: Path, study: str) -> tuple[str, ...]:
    settings = load_settings(root, study)
    return hidden_patterns(settings.task_records, settings.known_later)


def raw_rows(root: Path, study: str) -> list[dict[str, str]]:
    with (root / "data" / "raw" / study / f"{study}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@BOTH
def test_the_task_records_hide_the_outcomes_and_leaks_and_nothing_else(root: Path, study: str) -> None:
    benchmark = json.loads((root / "data" / "raw" / study / "benchmark.json").read_text())
    columns = set(load_contract(study).tables[study].to_schema().columns) - {"id"}
    hidden = {column for column in columns if is_hidden(study, column, hidden_of(root, study))}
    assert hidden == LEAKS[study]
    shown = {column for domain in benchmark["domains"].values() for column in domain}
    assert columns - hidden == shown - LEAKS[study]


@pytest.mark.parametrize(("study", "column"), [(study, column) for study in STUDIES for column in sorted(LEAKS[study])])
def test_a_domain_cannot_smuggle_a_hidden_column(root: Path, valid: dict[str, Path], study: str, column: str) -> None:
    tables = read_valid(study, valid[study])
    visible = visible_tables(tables, hidden_of(root, study), "id")
    definition = study_features(study)

    def smuggler(given: dict[str, pl.DataFrame]) -> pl.DataFrame:
        return given[study].select(pl.col("id").alias(PERSON), column)

    people = definition.people(visible)
    assert build_features(people, tables, {"stolen": smuggler}).features.width == 2  # it works where nothing is hidden
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        build_features(people, visible, {**definition.domains, "stolen": smuggler})


@BOTH
def test_scoring_a_drop_without_outcomes_gives_the_features_of_training(
    root: Path, valid: dict[str, Path], study: str, tmp_path: Path
) -> None:
    trained = cohort_features(Study(root, study), valid[study])
    assert trained.excluded.is_empty()
    target = Study(tmp_path, study, given=load_settings(root, study))
    target.paths.raw.parent.mkdir(parents=True)
    target.paths.raw.symlink_to(root / "data" / "raw" / study)
    drop, n_people = write_sample_drop(target, "2026-11-20")
    assert not set(pl.read_csv(drop / f"{study}.csv").columns) & LEAKS[study]
    validate(target, drop, tmp_path / "valid", scoring=True)
    scored = cohort_features(Study(root, study), tmp_path / "valid").features
    assert scored.height == n_people == {"whas500": 100, "nmes1988": 661}[study]
    assert_frame_equal(scored, trained.features.filter(pl.col(PERSON).is_in(scored[PERSON].implode())))


def test_stay_and_deaths_by_hand(root: Path, valid: dict[str, Path]) -> None:
    targets = study_features("whas500").targets(read_valid("whas500", valid["whas500"]))
    found = {row[PERSON]: row for row in targets.iter_rows(named=True)}
    for row in raw_rows(root, "whas500"):
        days, followed, dead = int(row["los"]), int(row["lenfol"]), row["fstat"] == "1"
        target = found.pop(row["id"])
        assert target["log_los"] == pytest.approx(math.log(1 + days), abs=1e-6)
        assert target["death_hosp"] == (1 if dead and followed <= days else 0)
        assert target["death_1y"] == (1 if dead and followed <= 365 else 0)
    assert not found
    assert (targets["death_hosp"].sum(), targets["death_1y"].sum()) == (40, 138)
    # the first patient: 5 days in hospital, alive after 2,178
    first = targets.filter(pl.col(PERSON) == "1").row(0)
    assert first == ("1", 1.791759, 0, 0)
    assert math.exp(first[1]) - 1 == pytest.approx(5, abs=1e-5)


def test_who_was_lost_within_the_year_has_no_label_for_it() -> None:
    table = pl.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e", "f"],
            "los": [3, 3, 400, 3, None, 3],
            "lenfol": [364, 365, 400, 366, 300, None],
            "fstat": [0, 0, 1, 1, 1, 0],
        },
        schema_overrides={"fstat": pl.Int8},
    )
    targets = study_features("whas500").targets({"whas500": table})
    assert targets["death_1y"].to_list() == [None, 0, 0, 0, 1, None]
    assert targets["death_hosp"].to_list() == [0, 0, 1, 0, None, 0]
    assert targets["log_los"].null_count() == 1


def test_use_of_care_and_limitations_by_hand(root: Path, valid: dict[str, Path]) -> None:
    targets = study_features("nmes1988").targets(read_valid("nmes1988", valid["nmes1988"]))
    found = {row[PERSON]: row for row in targets.iter_rows(named=True)}
    classes = next(task.classes for task in load_settings(root, "nmes1988").task_records if task.name == "health_state")
    states: Counter[tuple[str, bool]] = Counter()
    for row in raw_rows(root, "nmes1988"):
        target = found.pop(row["id"])
        sick, stays = row["adldiff"] == "1" or row["hlth"] == "poor", int(row["hosp"])
        state = "sick and in hospital" if stays else "sick, not in hospital" if sick else "well and not in hospital"
        assert classes[target["health_state"]] == state
        assert target["log_visits"] == pytest.approx(math.log(1 + int(row["ofp"])), abs=1e-6)
        assert (target["any_stay"], target["any_emergency"]) == (stays > 0, int(row["emr"]) > 0)
        assert target["limitations__daily_life"] == int(row["adldiff"])
        assert target["limitations__poor_health"] == (row["hlth"] == "poor")
        states[state, sick] += 1
    assert not found
    # nobody is left out: the 496 who call themselves well and were in hospital count as sick and in hospital
    assert states == {
        ("well and not in hospital", False): 2768,
        ("sick, not in hospital", True): 773,
        ("sick and in hospital", True): 369,
        ("sick and in hospital", False): 496,
    }


def test_a_state_of_health_is_unknown_only_where_it_matters() -> None:
    table = pl.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "ofp": [0, 0, 0, 0, None],
            "emr": [0, 0, 0, None, 0],
            "hosp": [1, 0, 0, None, 0],
            "adldiff": [None, None, None, 1, 0],
            "hlth": [None, "poor", "other", "poor", "excellent"],
        }
    )
    targets = study_features("nmes1988").targets({"nmes1988": table})
    assert targets["health_state"].to_list() == [2, 1, None, None, 0]
    assert targets["any_stay"].to_list() == [1, 0, 0, None, 0]
    assert targets["limitations__poor_health"].to_list() == [None, 1, 0, 1, 0]


def test_who_is_younger_than_the_cohort_is_excluded_with_the_reason() -> None:
    table = pl.DataFrame({"id": ["a", "b", "c"], "age": [6.5, 6.6, 10.9]})
    reasons = study_features("nmes1988").people({"nmes1988": table})["reason"].to_list()
    assert reasons == ["outside the cohort: under 66 years", None, None]


@BOTH
def test_everybody_has_a_part_in_every_resample(root: Path, valid: dict[str, Path], study: str) -> None:
    settings = load_settings(root, study)
    people = study_features(study).people(read_valid(study, valid[study]))
    splits = read_splits(root / "data" / "raw" / study, settings.split, people)
    assert splits[PERSON].to_list() == people[PERSON].to_list()
    if study == "nmes1988":
        assert Counter(splits["split"]) == {"train": 3084, "valid": 661, "test": 661}
        assert splits["final"].equals(splits["split"].alias("final"))
        return
    assert splits.width == 2 + 25
    for repeat in range(5):
        folds = splits.select(pl.col(f"^r{repeat}f.$"))
        assert folds.width == 5
        for part, times in (("test", 1), ("valid", 1), ("train", 3)):
            assert set(folds.select(pl.sum_horizontal(pl.all() == part)).to_series()) == {times}
