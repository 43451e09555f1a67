"""Keys: ``1.0`` is ``1`` in a CSV as in Parquet, ``1`` beside ``001`` is one person, the pattern has the last word."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.contract import Contract, load_contract
from schemas.faults import TableFault
from schemas.fields import Table, integer, person_key
from schemas.fields.person_key import PersonKey
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder

Write = Callable[..., Path]


def keyed(pattern: str) -> Contract:
    class People(Table):
        """Made up."""

        key: str = person_key("Key", pattern=pattern)
        age: int = integer("Age", low=0, high=110)

    class Visits(Table):
        """Made up."""

        key: str = person_key("Key", pattern=pattern)
        length: int = integer("Length", low=0, high=110)

    tables = {"people": People, "visits": Visits}
    return Contract(study="made_up", tables=tables, person_table="people", person_key="key")


def read(folder: Path, people: list[str], visits: list[str] | None = None, pattern: str = r"^[0-9]+$") -> StudyResult:
    (folder / "people.csv").write_text("key,age\n" + "".join(f"{key},40\n" for key in people))
    (folder / "visits.csv").write_text("key,length\n" + "".join(f"{key},3\n" for key in visits or []))
    return validate_folder(folder, keyed(pattern))


def test_a_key_stored_as_a_number_is_that_number_in_every_table(tmp_path: Path) -> None:
    result = read(tmp_path, ["1.0", "2.00", "30"], ["1", "2.0"])
    assert result.tables["people"].valid["key"].to_list() == ["1", "2", "30"]
    assert result.tables["visits"].valid["key"].to_list() == ["1", "2"]
    assert result.tables["people"].recoded == {"key": {"decimal_key": 2}}
    assert result.tables["visits"].recoded == {"key": {"decimal_key": 1}}


@pytest.mark.parametrize("text", ["1.5", "+1", "1e3", "1,0", "1 0", "-1", "1.", ".0", "0x1", "１", "nan"])
def test_what_is_no_number_of_digits_is_no_key(tmp_path: Path, text: str) -> None:
    result = read(tmp_path, ["7", f'"{text}"'])
    assert result.tables["people"].rejected_by_rule == {"malformed_key": 1}


def test_a_pattern_that_takes_the_key_as_it_stands_has_the_last_word(tmp_path: Path) -> None:
    result = read(tmp_path, ["1.0", "1"], pattern=r"^[0-9.]+$")
    assert result.tables["people"].valid["key"].to_list() == ["1.0", "1"]
    padded = read(tmp_path, ["001", "2"], pattern=r"^[0-9]{3}$")
    assert padded.tables["people"].rejected_by_rule == {"malformed_key": 1}


def test_a_broken_row_knows_its_key_too(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("key,age\n1,40\n2.0\n")
    (tmp_path / "visits.csv").write_text("key,length\n2,3\n")
    result = validate_folder(tmp_path, keyed(r"^[0-9]+$"))
    assert result.tables["people"].rejects["person_id"].to_list() == ["2"]
    assert result.tables["visits"].rejected_by_rule == {"person_rejected": 1}


@pytest.mark.parametrize("people", [["1", "001"], ["01", "2", "0001"], ["0", "00"], ["1.0", "01"]])
def test_zeros_in_front_make_no_second_person(tmp_path: Path, people: list[str]) -> None:
    with pytest.raises(TableFault, match=r"people.csv: 1 rows repeat a person's key with other zeros in front of it"):
        read(tmp_path, people)


def test_zeros_in_front_make_no_other_person_in_another_table(tmp_path: Path) -> None:
    with pytest.raises(
        TableFault, match=r"visits.csv: 2 rows name a person's key with other zeros in front than people"
    ):
        read(tmp_path, ["001", "002", "3"], ["1", "2", "3", "9"])
    whole = read(tmp_path, ["001", "002", "3"], ["001", "3", "9"])
    assert whole.tables["people"].valid["key"].to_list() == ["001", "002", "3"]
    assert whole.tables["visits"].rejected_by_rule == {"unknown_person": 1}


@pytest.mark.parametrize(
    ("options", "words", "good", "bad"),
    [
        ({}, "digits", ["0", "007", "12345678901"], ["", "A1", "1a"]),
        ({"min_digits": 5}, "5 digits or more", ["00001", "10000000", "99999999999"], ["1234", "12345a"]),
        ({"min_digits": 5, "max_digits": 6}, "5 to 6 digits", ["12345", "012345"], ["1234", "1234567"]),
        ({"min_digits": 3, "max_digits": 3}, "3 digits", ["001"], ["1", "0001"]),
        ({"max_digits": 1}, "1 digit", ["0", "9"], ["10"]),
        ({"prefix": "P-(x)."}, "`P-(x).` and digits", ["P-(x).7"], ["7", "P-(x).", "Q-(x).7", "P-(x)a7"]),
        ({"pattern": "^[ab]+$"}, "`^[ab]+$`", ["ab"], ["1"]),
    ],
)
def test_a_key_says_in_words_what_it_looks_like(
    options: dict[str, Any], words: str, good: list[str], bad: list[str]
) -> None:
    rules = PersonKey(title="Key", **options)
    assert rules.values() == words
    read = rules.parse(pl.DataFrame({"text": [*good, *bad]}))
    assert read["value"].to_list() == [*good, *[None] * len(bad)]
    assert read["rule"].to_list() == [*[None] * len(good), *["malformed_key"] * len(bad)]
    assert [bool(re.search(rules.checks()["str_matches"], key)) for key in good] == [True] * len(good)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_digits": 0}, "min_digits is at least 1"),
        ({"min_digits": 6, "max_digits": 5}, "max_digits not less than min_digits"),
        ({"pattern": "^a$", "min_digits": 2}, "leave out min_digits, max_digits and prefix"),
        ({"prefix": "P "}, "prefix has blanks around it"),
    ],
)
def test_a_key_that_contradicts_itself_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        person_key("Key", **options)


def test_keys_grow_beyond_those_of_the_samples() -> None:
    """Ten million people: a key of eight digits is one of NHANES too, stored as text or as a number."""
    rules = next(iter(load_contract("nhanes").tables.values())).to_schema().columns["SEQN"].metadata["rules"]
    keys = rules.parse(pl.DataFrame({"text": ["83732", "10000001", "10000002.0", "8373"]}))
    assert keys["value"].to_list() == ["83732", "10000001", "10000002", None]


def test_letters_are_the_patterns_affair(tmp_path: Path) -> None:
    result = read(tmp_path, ["a1", "a01", "A1"], pattern=r"^[A-Za-z0-9]+$")
    assert result.tables["people"].n_valid == 3


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Float32, pl.Int32, pl.UInt64, pl.Decimal(20, 0), pl.Decimal(20, 2)])
def test_a_key_column_of_numbers_in_parquet(write: Write, mini: Contract, dtype: pl.DataType) -> None:
    folder = write(DIQ=[{"SEQN": "90001"}, {"SEQN": "90002"}])
    frame = pl.read_csv(folder / "DIQ.csv", infer_schema=False)
    (folder / "DIQ.csv").unlink()
    frame.with_columns(pl.col("SEQN").cast(pl.Int64).cast(dtype)).write_parquet(folder / "DIQ.parquet")
    assert validate_folder(folder, mini).tables["DIQ"].valid["SEQN"].to_list() == ["90001", "90002"]


def test_floats_too_short_for_their_keys_are_refused(tmp_path: Path) -> None:
    """16777217 as a 32-bit float is 16777216: two people would be one."""
    frame = pl.DataFrame({"key": [16_777_216, 16_777_217], "age": [40, 50]})
    (tmp_path / "visits.csv").write_text("key,length\n")
    frame.with_columns(pl.col("key").cast(pl.Float64)).write_parquet(tmp_path / "people.parquet")
    assert validate_folder(tmp_path, keyed(r"^[0-9]+$")).tables["people"].n_valid == 2
    frame.with_columns(pl.col("key").cast(pl.Float32)).head(1).write_parquet(tmp_path / "people.parquet")
    with pytest.raises(
        TableFault, match=r"people.parquet: key is stored as Float32, which cannot hold its longest keys"
    ):
        validate_folder(tmp_path, keyed(r"^[0-9]+$"))


def test_zeros_in_front_of_letters_are_part_of_the_key(tmp_path: Path) -> None:
    result = read(tmp_path, ["0a", "a", "00a", "1"], ["a", "000a"], pattern=r"^[0-9a]+$")
    assert result.tables["people"].valid["key"].to_list() == ["0a", "a", "00a", "1"]
    assert result.tables["visits"].rejected_by_rule == {"unknown_person": 1}
