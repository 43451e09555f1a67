"""What a flood does to a run: it stops or is said by params, nothing of the scores changes, the rejects are kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.nightly.artifacts import flatten
from flows.nightly.sample import write_sample_drop
from flows.project.paths import read_json
from flows.project.settings import ValidationSettings
from flows.stages.validate import Judgement, judge, validate
from flows.stores.registry import ModelRegistry
from flows.study.load import load_settings
from flows.study.study import Study
from schemas.contract import load_contract
from schemas.faults import LimitExceeded
from tests.support import STUDIES

CASES = Path(__file__).parents[2] / "cases" / "heart"


def heart_with(root: Path, **validation: Any) -> Study:
    """The heart study with other limits."""
    study = Study(root, "heart")
    return study.with_settings(study.settings.model_copy(update={"validation": ValidationSettings(**validation)}))


def without_age(line: str) -> str:
    person, _, rest = line.split(",", 2)
    return f"{person},,{rest}"


def judged(
    case: str, folder: Path, root: Path, *, compared: bool = True, scoring: bool = True, **keys: Any
) -> Judgement:
    """The judgement of a heart case, compared with the sample study."""
    study = heart_with(root, **keys)
    reference = validate(study, root / "data" / "raw" / "heart", folder / "training") if compared else None
    summary = validate(study, CASES / case, folder / "valid", scoring=True)
    return judge(study, summary, reference=reference, scoring=scoring)


def test_a_flood_stops_with_one_sentence_that_says_what_to_do(tmp_path: Path, root: Path) -> None:
    judgement = judged("chol_mmol", tmp_path, root)
    with pytest.raises(LimitExceeded) as caught:
        judgement.require("the rejects are somewhere")
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "cleveland.chol: 120 of 120 values were emptied for a broken rule (100.0%, 0.0% in training" in sentence
    assert "it looks like numbers in mmol/L (120) where mg/dL is declared; the rejects are somewhere; mend" in sentence
    assert "change validation.max_nulled_share of heart" in sentence
    assert (tmp_path / "valid" / "rejects.parquet").is_file()


def test_a_flood_is_said_where_params_want_that(tmp_path: Path, root: Path) -> None:
    judgement = judged("chol_mmol", tmp_path, root, floods="say")
    judgement.require("")
    assert judgement.text is not None
    assert judgement.text.startswith("cleveland.chol: 120 of 120 values were emptied")
    assert judged("chol_mmol", tmp_path, root, exempt=("cleveland.chol",)).text is None
    assert judged("good120", tmp_path, root).text is None


def test_too_many_rejects_stop_even_where_floods_are_said(tmp_path: Path, root: Path) -> None:
    drop = tmp_path / "drop"
    shutil.copytree(CASES / "good120", drop)
    lines = (drop / "cleveland.csv").read_text().splitlines()
    (drop / "cleveland.csv").write_text("\n".join([lines[0], *map(without_age, lines[1:])]) + "\n")
    study = heart_with(root, floods="say")
    judgement = judge(study, validate(study, drop, tmp_path / "valid"))
    with pytest.raises(LimitExceeded, match=r"120 of 120 rows are rejected .*validation\.max_reject_share"):
        judgement.require("")


def test_an_empty_column_without_anything_to_compare_it_with_stops_training_and_is_said_at_night(
    tmp_path: Path, root: Path
) -> None:
    assert judged("all_null_cols", tmp_path, root, compared=True).stops
    assert judged("all_null_cols", tmp_path, root, compared=False, scoring=False).stops
    night = judged("all_null_cols", tmp_path, root, compared=False)
    assert not night.stops
    assert night.text is not None
    assert night.text.count("120 of 120 cells are empty") == 5
    assert "no counts of a champion's training data" in night.basis
    assert judged("chol_zero", tmp_path, root, compared=False).stops, "a broken rule needs nothing to compare with"


def test_small_counts_are_not_stored(tmp_path: Path, root: Path) -> None:
    drop = tmp_path / "drop"
    shutil.copytree(CASES / "one_bad_of_ten", drop)
    lines = (drop / "cleveland.csv").read_text().splitlines()
    spoilt = [lines[0], *lines[1:2], *map(without_age, lines[2:6]), *lines[6:]]
    (drop / "cleveland.csv").write_text("\n".join(spoilt) + "\n")
    study = heart_with(root)
    judgement = judge(study, validate(study, drop, tmp_path / "valid"))
    assert judgement.text is not None
    assert judgement.text.startswith("cleveland: 5 of 10 rows are rejected (50.0%")
    with pytest.raises(LimitExceeded) as caught:
        judgement.require("")
    for stored in (str(flatten(judgement.shown(), min_count=10)), str(caught.value)):
        assert "fewer than 10 of 10 rows are rejected" in stored
        assert "50.0%" not in stored


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("with_outcomes", [False, True])
def test_the_test_people_of_a_study_are_no_flood(
    name: str, with_outcomes: bool, root: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw").symlink_to(root / "data" / "raw")
    study = Study(tmp_path, name, given=load_settings(root, name))
    drop, _ = write_sample_drop(study, "2026-01-01", with_outcomes=with_outcomes)
    if name == "nhanes":  # validated once for all tests
        reference = read_json(request.getfixturevalue("valid_nhanes") / "summary.json")
    else:
        reference = validate(study, study.paths.raw, tmp_path / "training")
    summary = validate(study, drop, tmp_path / "valid", scoring=True)
    known = judge(study, summary, reference=reference, scoring=True)
    assert (known.text, known.stops) == (None, False)
    assert not judge(study, summary, scoring=True).stops


def test_floods_of_many_tables(root: Path, valid_nhanes: Path, tmp_path: Path) -> None:
    """A column all empty, codes as labels of one table, one value in twenty nulled, a table without rows."""
    drop = tmp_path / "drop"
    drop.mkdir()
    for name in load_contract("nhanes").tables:
        source = next((root / "data" / "raw" / "nhanes").glob(f"{name}.*"))
        frame = pl.read_csv(source, infer_schema=False) if source.suffix == ".csv" else pl.read_parquet(source)
        if name == "PFQ":
            frame = frame.with_columns(PFQ057=pl.lit(None, pl.String))
        if name == "BPX":
            twentieth = pl.int_range(pl.len()) % 20 == 0
            frame = frame.with_columns(BPXSY1=pl.when(twentieth).then(pl.lit("1e9")).otherwise("BPXSY1"))
        if name == "HIQ":
            frame = frame.with_columns(HIQ011=pl.col("HIQ011").replace({"1": "Covered", "0": "Not covered"}))
        if name == "WHQ":
            frame = frame.clear()
        frame.write_parquet(drop / f"{name}.parquet")
    study = Study(root, "nhanes")
    summary = validate(study, drop, tmp_path / "valid", scoring=True)
    reference = read_json(valid_nhanes / "summary.json")
    judgement = judge(study, summary, reference=reference, scoring=True)
    assert {excess.where: excess.key for excess in judgement.found} == {
        "BPX.BPXSY1": "max_nulled_share", "HIQ.HIQ011": "max_nulled_share", "PFQ.PFQ057": "max_empty_share",
        "WHQ": "max_empty_share",
    }  # fmt: skip


def test_a_version_that_was_registered_without_counts_is_given_them(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path / "registry", tmp_path / "champions")
    model, counts = tmp_path / "model.onnx", tmp_path / "summary.json"
    model.write_bytes(b"model")
    counts.write_text('{"tables": {}}')
    version = registry.register(model, [], {})
    registry.promote(version, "first", {})
    assert registry.champion_profile() is None
    assert registry.register(model, [], {}, counts) == version
    assert registry.champion_profile() == {"tables": {}}
    counts.write_text('{"tables": {"other": {}}}')
    registry.register(model, [], {}, counts)
    assert registry.champion_profile() == {"tables": {}}, "counts belong to the version, as its other files do"
