"""Features: one row a person, the same bytes from any process, the same code for training and scoring."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.features.build import Tables, build_features
from flows.features.cohort import Cohort, cohort_of, cohort_spec
from flows.features.lookup import study_features
from flows.features.splits import resample_columns
from flows.features.view import hidden_patterns
from flows.nightly.sample import write_sample_drop
from flows.stages.features import cohort_features
from flows.stages.validate import validate
from flows.stores.valid import read_valid
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, FeatureSpec
from mtl_models.data.describe import feature_spec
from schemas.contract import load_contract


def hidden_of(root: Path, study: str) -> tuple[str, ...]:
    settings = load_settings(root, study)
    return hidden_patterns(settings.task_records, settings.known_later)


@pytest.fixture(scope="module")
def cohort(root: Path, valid_nhanes: Path) -> Cohort:
    return cohort_features(Study(root, "nhanes"), valid_nhanes)


@pytest.fixture(scope="module")
def features(cohort: Cohort) -> pl.DataFrame:
    return cohort.features


@pytest.fixture(scope="module")
def spec(root: Path, cohort: Cohort) -> FeatureSpec:
    settings = load_settings(root, "nhanes")
    return cohort_spec("nhanes", cohort, settings.task_records)


def test_everybody_is_in_the_cohort_or_excluded_with_a_reason(cohort: Cohort) -> None:
    features, excluded, tables = cohort.features, cohort.excluded, cohort.tables
    assert features.height == 5265
    assert features.height + excluded.height == tables["DEMO"].height == 8366
    assert excluded["reason"].unique().to_list() == ["outside the cohort: under 20 years"]
    assert not set(features[PERSON]) & set(excluded[PERSON])


def test_one_row_a_person_in_the_order_of_the_identifier(features: pl.DataFrame) -> None:
    assert features[PERSON].is_unique().all()
    assert features[PERSON].is_sorted()
    floats = features.select(pl.selectors.float())
    assert floats.select(pl.all().is_nan().any()).transpose().to_series().sum() == 0
    assert floats.select(pl.all().is_infinite().any()).transpose().to_series().sum() == 0


def test_no_feature_is_constant_or_empty(features: pl.DataFrame) -> None:
    counts = features.drop(PERSON).select(pl.all().drop_nulls().n_unique()).transpose(include_header=True)
    assert counts.filter(pl.col("column_0") < 2)["column"].to_list() == []


@pytest.mark.parametrize("with_outcomes", [False, True])
def test_scoring_a_drop_gives_the_features_of_training(
    root: Path, features: pl.DataFrame, spec: FeatureSpec, tmp_path: Path, with_outcomes: bool
) -> None:
    """The drop holds the test people only; features are the same to the last bit, those of absent tables missing."""
    source = Study(root, "nhanes")
    target = Study(tmp_path, "nhanes", given=source.settings)
    target.paths.raw.parent.mkdir(parents=True)
    target.paths.raw.symlink_to(source.paths.raw)
    drop, n_people = write_sample_drop(target, "2026-11-20", with_outcomes=with_outcomes)
    validate(Study(root, "nhanes"), drop, tmp_path / "valid", scoring=True)
    scored = cohort_features(Study(root, "nhanes"), tmp_path / "valid")
    assert scored.features.height + scored.excluded.height == n_people == 1255
    expected = features.filter(pl.col(PERSON).is_in(scored.features[PERSON].implode()))
    if not with_outcomes:
        own = [feature.name for feature in spec.features if feature.hidden_from]
        assert len(own) == 42
        expected = expected.with_columns(pl.lit(None).cast(features.schema[name]).alias(name) for name in own)
    assert_frame_equal(scored.features, expected)


def test_a_table_that_did_not_arrive_leaves_its_features_null_and_is_said(
    root: Path, features: pl.DataFrame, spec: FeatureSpec, tmp_path: Path
) -> None:
    """DLQ feeds core features and the outcomes' own, HSQ only the latter; everything else stays to the last bit."""
    absent = {"DLQ", "HSQ"}
    drop = tmp_path / "drop"
    drop.mkdir()
    for path in (root / "data" / "raw" / "nhanes").iterdir():
        if path.is_file() and path.stem not in absent:
            (drop / path.name).symlink_to(path)
    summary = validate(Study(root, "nhanes"), drop, tmp_path / "valid", scoring=True)
    assert summary["absent"] == ["DLQ", "HSQ"]
    scored = cohort_features(Study(root, "nhanes"), tmp_path / "valid").features
    gone = {feature.name for feature in spec.features if absent.intersection(feature.tables)}
    assert {name.split("__")[0] for name in gone} == {"questionnaire", "mood", "own_health"}
    assert scored.select(pl.col(gone).is_not_null().sum()).sum_horizontal().item() == 0
    assert_frame_equal(scored.drop(gone), features.drop(gone))


def test_the_optional_tables_are_those_whose_absence_is_priced(spec: FeatureSpec) -> None:
    """All that features come from, and those that only outcomes and what is known later come from."""
    priced = {table for feature in spec.features for table in feature.tables}
    assert load_contract("nhanes").optional == priced | {"TCHOL", "HDL", "GHB", "DXX", "DR2TOT"}


def test_the_order_of_raw_rows_changes_nothing(root: Path, valid_nhanes: Path, features: pl.DataFrame) -> None:
    from flows.features.view import visible_tables

    tables = {name: frame.reverse() for name, frame in read_valid("nhanes", valid_nhanes).items()}
    visible = visible_tables(tables, hidden_of(root, "nhanes"), "SEQN")
    definition = study_features("nhanes")
    people = definition.people(visible).filter(pl.col("reason").is_null())
    core = build_features(people, visible, definition.domains).features
    assert_frame_equal(core, features.select(core.columns))
    for name, own in definition.own.items():
        found = build_features(people, tables, {name: own.function}).features
        assert_frame_equal(found, features.select(found.columns))


def test_two_processes_write_the_same_bytes(root: Path, valid_nhanes: Path, tmp_path: Path) -> None:
    """Polars' hash joins and group-bys are not stable from process to process; the features must be."""
    program = (
        "import sys; from pathlib import Path; from flows.stages.features import cohort_features\n"
        "from flows.study.study import Study\n"
        "c = cohort_features(Study(Path('.'), 'nhanes'), Path(sys.argv[1]))\n"
        "c.features.write_parquet(sys.argv[2])"
    )
    hashes = set()
    for number in (1, 2):
        target = tmp_path / f"{number}.parquet"
        command = [sys.executable, "-c", program, str(valid_nhanes), str(target)]
        subprocess.run(command, check=True, cwd=root)
        hashes.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_clock_times_are_neighbours_across_midnight(valid_nhanes: Path) -> None:
    tables = {**read_valid("nhanes", valid_nhanes)}
    times = pl.DataFrame({"SEQN": ["1", "2", "3"], "SLQ300": [23 * 60 + 30, 30, 12 * 60], "SLQ310": [7 * 60] * 3})
    rest = tables["SLQ"].head(3).drop("SEQN", "SLQ300", "SLQ310")
    from flows.features.nhanes import sleep

    frame = sleep({"SLQ": pl.concat([times, rest], how="horizontal")})
    point = frame.select("falls_asleep_sin", "falls_asleep_cos").to_numpy()
    near, far = ((point[0] - point[other]) ** 2 for other in (1, 2))
    assert near.sum() < 0.1 < far.sum()
    assert frame["hours_in_bed"].to_list() == [7.5, 6.5, 19.0]


def test_a_gate_question_answered_no_is_not_an_unknown(features: pl.DataFrame) -> None:
    never = features.filter(pl.col("lifestyle_diet__duq240") == 0)
    assert never.height > 1000
    assert never["lifestyle_diet__duq290"].to_list() == [0.0] * never.height


def test_feature_spec_follows_the_frame(features: pl.DataFrame) -> None:
    spec = feature_spec(features)
    assert [feature.name for feature in spec.features] == features.columns[1:]
    assert spec.domains == (*study_features("nhanes").domains, *study_features("nhanes").own)
    sex = next(feature for feature in spec.features if feature.name == "demographic__riagendr")
    assert sex.categories == ("Male", "Female")


def test_a_domain_that_repeats_a_person_is_refused() -> None:
    people = pl.DataFrame({PERSON: ["1", "2"]})
    twice = pl.DataFrame({PERSON: ["1", "1"], "x": [1.0, 2.0]})
    with pytest.raises(ValueError, match="domain twice gives a person twice"):
        build_features(people, {}, {"twice": lambda tables: twice})


def test_a_feature_needs_the_tables_that_its_own_function_reads() -> None:
    tables = {name: pl.DataFrame({PERSON: ["1"], name.lower(): [1.0]}) for name in "CBA"}

    def of_b(tables: Tables) -> pl.DataFrame:
        return tables["B"]

    def of_two(tables: Tables) -> pl.DataFrame:
        return tables["A"].join(tables["C"], on=PERSON, how="left", maintain_order="left")

    found = build_features(tables["A"], tables, {"one": (of_b, of_two), "two": of_b}).tables
    assert found == {"one__b": ("B",), "one__a": ("C", "A"), "one__c": ("C", "A"), "two__b": ("B",)}
    with pytest.raises(ValueError, match="two functions of feature domain one give the feature one__b"):
        build_features(tables["A"], tables, {"one": (of_b, of_b)})


def test_the_tables_of_a_feature_are_those_without_whose_rows_it_is_missing(
    root: Path, valid_nhanes: Path, features: pl.DataFrame, spec: FeatureSpec
) -> None:
    settings, tables = load_settings(root, "nhanes"), read_valid("nhanes", valid_nhanes)
    for table in ("DR1TOT", "WHQ", "DLQ"):
        without = {**tables, table: tables[table].clear()}
        found = cohort_of("nhanes", without, settings.task_records, settings.known_later).features
        changed = {name for name in features.columns if not features[name].equals(found[name])}
        assert changed == {each.name for each in spec.features if table in each.tables}
        assert found.select(pl.col(sorted(changed)).is_null().all()).row(0) == (True,) * len(changed)


def test_folds_become_resamples_by_hand() -> None:
    split = pl.DataFrame({PERSON: ["a", "b", "c"], "repeat0": ["0", "1", "2"]})
    resamples = resample_columns(split, "folds")
    assert resamples.to_dict(as_series=False) == {
        PERSON: ["a", "b", "c"],
        "final": ["train", "valid", "train"],
        "r0f0": ["test", "valid", "train"],
        "r0f1": ["train", "test", "valid"],
        "r0f2": ["valid", "train", "test"],
    }


def test_targets_by_hand(valid_nhanes: Path) -> None:
    tables = read_valid("nhanes", valid_nhanes)
    targets = study_features("nhanes").targets(tables)
    assert targets[PERSON].is_sorted()
    assert targets.height == 8366
    # CDC publishes these counts: total cholesterol 6,738, HbA1c 6,045, general health 5,964
    assert [targets[name].count() for name in ("tc", "hba1c", "genhealth")] == [6738, 6045, 5964]
    # told to have diabetes: 853 yes, 7,334 no; the 175 borderline answers are neither
    assert targets["diabetes"].value_counts().sort("diabetes").drop_nulls().rows() == [(0, 7334), (1, 853)]
    mean_of_two = tables["BPX"].filter(pl.col("BPXSY1").is_null() & pl.col("BPXSY2").is_not_null())
    person = mean_of_two.row(0, named=True)
    readings = [person[name] for name in ("BPXSY2", "BPXSY3") if person[name] is not None]
    found = targets.filter(pl.col(PERSON) == person["SEQN"])["sbp"].item()
    assert found == pytest.approx(sum(readings) / len(readings))
    phq = [f"DPQ0{item}0" for item in range(1, 10)]
    incomplete = tables["DPQ"].filter(pl.any_horizontal(pl.col(phq).is_null()))["SEQN"]
    depression = targets.filter(pl.col(PERSON).is_in(incomplete.implode()))["depression"]
    assert depression.null_count() == depression.len() > 0
