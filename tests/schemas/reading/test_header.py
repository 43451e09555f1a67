"""Headers: near misses are named with the column they stand for, and what may be a person's name is not quoted."""

from __future__ import annotations

import pytest

from schemas.faults import TableFault
from schemas.reading.header import check_header

COLUMNS = ["id", "age", "chol", "trestbps", "target"]


def fault(header: list[str], *, below: list[tuple[int, list[str]]] | None = None) -> str:
    with pytest.raises(TableFault) as caught:
        check_header(header, "t.csv", "t", COLUMNS, optional=["target"], below=below or [])
    return str(caught.value)


def replaced(old: str, new: str) -> list[str]:
    return [new if name == old else name for name in COLUMNS]


def test_a_header_in_any_order_without_what_is_optional_is_sound() -> None:
    check_header(["chol", "id", "trestbps", "age"], "t.csv", "t", COLUMNS, optional=["target"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("age", "Age", "Age for age"),
        ("age", "AGE", "AGE for age"),
        ("age", "'age'", "'age' for age"),
        ("age", "a g e", "a g e for age"),
        ("age", "age_x", "age_x for age"),
        ("age", "age.1", "age.1 for age"),
        ("age", "t.age", "t.age for age"),
        ("age", "ａｇｅ", "ａｇｅ for age"),
        ("trestbps", "trestbp", "trestbp for trestbps"),
        ("trestbps", "trestpbs", "trestpbs for trestbps"),
        ("id", "\ufeffid", "a second byte-order mark before id"),
        ("id", '\ufeff"id"', '"id" for id'),
        ("age", "a\u200bge", "age for age"),
        ("age", "age of Anna Mueller", "number 2 for age"),
        ("age", "Mueller age", "number 2 for age"),
    ],
)
def test_a_near_miss_is_named_with_what_it_stands_for(old: str, new: str, said: str) -> None:
    assert fault(replaced(old, new)) == f"t.csv: the header has {said}; name the columns as the contract does"


def test_a_near_miss_beside_the_column_is_named_too() -> None:
    assert "the header has Age for age, age_y for age;" in fault([*COLUMNS, "Age", "age_y"])


def test_a_header_in_capitals_is_a_header() -> None:
    assert fault([name.upper() for name in COLUMNS]).startswith(
        "t.csv: the header has ID for id, AGE for age, CHOL for"
    )


@pytest.mark.parametrize("name", ["Mueller.Anna", "Anna", "age group of Anna", "", "X1950"])
def test_an_undeclared_column_goes_by_its_place(name: str) -> None:
    assert fault([*COLUMNS, name]) == (
        "t.csv: the column number 6 is not in the contract of t; take out or declare what is new"
    )


@pytest.mark.parametrize("name", ["Unnamed: 0", "index", "level_0", "__index_level_0__", "row.names"])
def test_an_index_column_is_named_wherever_it_stands(name: str) -> None:
    said = f"t.csv: the column {name} looks like an index that pandas or R added; write the table without it"
    assert fault([name, *COLUMNS]) == said
    assert fault([*COLUMNS, name]) == said


def test_an_index_column_without_a_name() -> None:
    assert fault(["", *COLUMNS]).startswith("t.csv: the column number 1, which has no name, looks like an index")


@pytest.mark.parametrize(("sign", "words"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_other_signs_between_the_columns_are_named(sign: str, words: str) -> None:
    assert fault([sign.join(COLUMNS)]) == f"t.csv has {words} between its columns: write it with commas between them"


@pytest.mark.parametrize("title", [["Anna's patients"], [], ["secret", "", ""]])
def test_a_title_above_the_header_is_not_quoted(title: list[str]) -> None:
    below = [(2, []), (3, ["ID", "age", "chol", "trestbps"]), (4, ["1", "63", "233", "145"])]
    assert fault(title, below=below) == "t.csv: the header stands on line 3; take out what is above it"


def test_data_where_the_header_should_be_are_not_quoted() -> None:
    sentence = fault(["1", "63", "Anna", "145", "0"], below=[(2, ["2", "67", "286", "160", "1"])])
    assert (
        sentence == "t.csv: the first line is not the header of t: it must name the columns, with commas between them"
    )
    assert fault([], below=[(2, ["2", "67"])]) == "t.csv has no header line: deliver it again"
