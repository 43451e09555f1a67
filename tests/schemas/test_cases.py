"""The drops in ``tests/cases/heart``: what is read as it is, and what is refused with which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.contract import load_contract
from schemas.faults import TableFault
from schemas.splitting.results import TableResult
from schemas.splitting.study import validate_folder

CASES = Path(__file__).parents[1] / "cases" / "heart"
CUT = "cleveland.csv is cut off: its last line, number {line}, has no line end"
FAULTS = {
    "cut_midrow": CUT.format(line=153),
    "cut_at_row": CUT.format(line=152),
    "cut_midvalue": CUT.format(line=121),
    "leading_zero_twins": "cleveland.csv: 2 rows repeat a person's id with other zeros in front of it",
    "upper_header": "cleveland.csv: the header has ID for id, AGE for age, SEX for sex",
    "title_header": "cleveland.csv: the header has Age for age, Sex for sex",
    "double_bom": "cleveland.csv: the header has a second byte-order mark before id;",
    "pandas_index": "cleveland.csv: the column number 1, which has no name, looks like an index",
    "pq_pandas_index": "cleveland.parquet: the column __index_level_0__ looks like an index",
    "extra_person_header": "cleveland.csv: the column number 16 is not in the contract of cleveland",
    "pq_date": "cleveland.parquet: the column age holds dates (Date)",
}


def read(case: str) -> TableResult:
    outcomes = ("cleveland.thal", "cleveland.target", "cleveland.ca")
    result = validate_folder(CASES / case, load_contract("heart"), optional_columns=outcomes, scoring=True)
    return result.tables["cleveland"]


@pytest.mark.parametrize("case", FAULTS)
def test_a_drop_that_is_refused(case: str) -> None:
    with pytest.raises(TableFault) as caught:
        read(case)
    sentence = str(caught.value)
    assert sentence.startswith(FAULTS[case])
    assert "\n" not in sentence
    assert "Mueller" not in sentence


@pytest.mark.parametrize("case", ["good120", "float_ids", "pq_float_ids", "pq_spark_folder"])
def test_a_drop_that_is_read_as_it_is(case: str) -> None:
    table = read(case)
    assert table.valid["id"].to_list() == [str(number) for number in range(1, 121)]
    assert (table.n_rejected, table.nulled) == (0, {})
    assert table.recoded == ({"id": {"decimal_key": 120}} if "float_ids" in case else {})
    same = read("good120").valid
    assert table.valid.equals(same)
