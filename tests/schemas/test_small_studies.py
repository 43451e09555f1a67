"""whas500 and nmes1988 keep their contracts, with the counts and ranges that their dictionaries publish."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import load_contract
from schemas.fields import ModelView
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder

STUDIES = {"whas500": 500, "nmes1988": 4406}
BOTH = pytest.mark.parametrize("study", STUDIES)
RawFolder = Callable[[str], Path]


@pytest.fixture(scope="module")
def results(raw: RawFolder) -> dict[str, StudyResult]:
    return {study: validate_folder(raw(study), load_contract(study)) for study in STUDIES}


def dictionary(folder: Path) -> list[dict[str, str]]:
    with (folder / "dictionary.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@BOTH
def test_the_model_declares_the_dictionary_and_nothing_else(study: str, raw: RawFolder) -> None:
    model = load_contract(study).tables[study]
    assert list(ModelView.of(model).rules) == [record["variable"] for record in dictionary(raw(study))]


@BOTH
def test_every_row_is_valid_and_every_cell_kept(study: str, raw: RawFolder, results: dict[str, StudyResult]) -> None:
    table = results[study].tables[study]
    assert (table.n_rows, table.n_valid, table.n_rejected) == (STUDIES[study], STUDIES[study], 0)
    assert (table.nulled, table.recoded) == ({}, {})
    for record in dictionary(raw(study)):
        assert table.valid[record["variable"]].count() == int(record["n_nonmissing"])
    load_contract(study).tables[study].validate(table.valid, lazy=True)


@BOTH
def test_values_are_those_that_the_dictionary_observed(
    study: str, raw: RawFolder, results: dict[str, StudyResult]
) -> None:
    valid, rules = results[study].tables[study].valid, ModelView.of(load_contract(study).tables[study]).rules
    for record in dictionary(raw(study)):
        name, values = record["variable"], valid[record["variable"]]
        if "=" not in record["observed"]:
            low, high = (float(end) for end in record["observed"].split(" to "))
            numbers = values.cast(pl.Float64)
            assert (numbers.min(), numbers.max()) == (low, high), name
        else:
            observed = dict(part.split("=") for part in record["observed"].split("; "))
            clean = {rules[name].raw_labels().get(raw_value, raw_value): int(n) for raw_value, n in observed.items()}
            assert dict(values.cast(pl.String).value_counts().iter_rows()) == clean, name


@pytest.mark.parametrize(
    ("study", "changed", "nulled", "rejected"),
    [
        (
            "whas500",
            {"sysbp": "70", "diasbp": "90"},
            "sysbp diastolic_below_systolic, diasbp diastolic_below_systolic",
            0,
        ),
        ("whas500", {"los": "9", "lenfol": "8"}, "los stay_within_follow_up, lenfol stay_within_follow_up", 0),
        ("whas500", {"hr": "0", "fstat": "2"}, "hr out_of_range, fstat undeclared_code", 0),
        ("whas500", {"age": ""}, "", 1),
        ("nmes1988", {"maried": "perhaps", "hosp": "0.5"}, "hosp not_an_integer, maried undeclared_code", 0),
        ("nmes1988", {"faminc": "-1.0125", "numchron": "-1"}, "numchron out_of_range", 0),
        ("nmes1988", {"age": "69"}, "", 1),  # years where decades are wanted
        ("nmes1988", {"sex": "F"}, "", 1),
    ],
)
def test_a_damaged_row_is_nulled_or_rejected_by_name(
    study: str, changed: dict[str, str], nulled: str, rejected: int, raw: RawFolder, tmp_path: Path
) -> None:
    with (raw(study) / f"{study}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:5]
    rows[2] |= changed
    pl.DataFrame(rows).write_csv(tmp_path / f"{study}.csv")
    table = validate_folder(tmp_path, load_contract(study)).tables[study]
    found = {f"{column} {rule}" for column, counts in table.nulled.items() for rule in counts}
    assert found == set(nulled.split(", ")) - {""}
    assert (table.n_rejected, table.n_valid) == (rejected, 5 - rejected)
