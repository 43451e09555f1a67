"""Whole-table faults: each stops with one sentence that names file and remedy and shows no value."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.reading.source import read_table
from schemas.splitting.study import validate_folder

Write = Callable[..., Path]


def fault(folder: Path, contract: Contract) -> str:
    with pytest.raises(TableFault) as caught:
        validate_folder(folder, contract)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "secret" not in sentence.lower()
    assert caught.value.__cause__ is None
    return sentence


@pytest.fixture
def folder(write: Write) -> Path:
    rows = [{"SEQN": str(90_000 + i), "DIQ010": "0"} for i in range(5)]
    return write(DIQ=rows, BPX=[{"SEQN": "90001", "BPXSY1": "120"}])


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def test_the_folder_is_sound_before_it_is_spoiled(folder: Path, mini: Contract) -> None:
    assert validate_folder(folder, mini).tables["DIQ"].n_valid == 5


def test_missing_folder(tmp_path: Path, mini: Contract) -> None:
    assert "does not exist: put the tables of mini there" in fault(tmp_path / "nowhere", mini)


def test_missing_table(folder: Path, mini: Contract) -> None:
    (folder / "DIQ.csv").unlink()
    assert fault(folder, mini) == "the table DIQ is missing: put DIQ.csv or DIQ.parquet in the folder"


def test_missing_column(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: re.sub(",[^,]*\n", "\n", text))
    assert fault(folder, mini) == ("DIQ.csv: the column DIQ280 is missing; add what the contract of DIQ declares")


def test_unexpected_column(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.replace("\n", ",BODYTEMP\n"))
    assert fault(folder, mini) == (
        "DIQ.csv: the column number 10 is not in the contract of DIQ; take out or declare what is new"
    )


def test_an_unexpected_column_may_be_called_like_a_person(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.replace("\n", ",Secret.Anna\n"))
    assert "the column number 10 is not in the contract" in fault(folder, mini)


def test_duplicate_header(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.replace("DIQ160", "DIQ010", 1))
    assert fault(folder, mini) == "DIQ.csv: the header names DIQ010 more than once; keep one of them"


def test_no_header_shows_nothing_of_the_first_row(folder: Path, mini: Contract) -> None:
    (folder / "DIQ.csv").write_text("90000,secretA,secretB\n90001,1,0\n")
    assert fault(folder, mini).startswith("DIQ.csv: the first line is not the header of DIQ")


def test_semicolons(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.replace(",", ";"))
    assert "with commas between them" in fault(folder, mini)


def test_empty_file(folder: Path, mini: Contract) -> None:
    (folder / "DIQ.csv").write_bytes(b"")
    assert fault(folder, mini) == "DIQ.csv is empty (0 bytes): deliver it again"
    (folder / "DIQ.csv").write_bytes(b"\n")
    assert fault(folder, mini) == "DIQ.csv has no header line: deliver it again"


def test_header_only_is_a_fault_of_the_person_table_alone(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.splitlines()[0] + "\n")
    result = validate_folder(folder, mini).tables["DIQ"]
    assert (result.n_rows, result.file) == (0, "DIQ.csv")
    edit(folder / "DEMO.csv", lambda text: text.splitlines()[0] + "\n")
    assert "DEMO.csv has a header but no rows" in fault(folder, mini)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"PK\x03\x04 secret", "an Excel workbook or a zip archive"),
        (b"\x1f\x8b secret", "compressed"),
        (b"PAR1 secret", "a Parquet file: give it the name DIQ.parquet"),
        ("SEQN,secret".encode("utf-16"), "UTF-16 text: save it as UTF-8"),
        (b"SEQN,DIQ010\n1,\x00secret\n", "line 2 holds a NUL byte"),
        (b"SEQN,DIQ010\n1,0\n2,secr\xe9t\n", "is not UTF-8: line 3"),
        (b"\x89PNG\r\n\x1a\n secret", "is not UTF-8: line 1"),
    ],
)
def test_not_a_csv_in_utf_8(folder: Path, mini: Contract, start: bytes, words: str) -> None:
    (folder / "DIQ.csv").write_bytes(start)
    sentence = fault(folder, mini)
    assert sentence.startswith("DIQ.csv")
    assert words in sentence


def test_unpaired_quotes(folder: Path, mini: Contract) -> None:
    """Read leniently, one open quote would swallow the rest of the table as a single field."""
    edit(folder / "DIQ.csv", lambda text: text.replace("90002,0", '90002,"secret', 1))
    assert "DIQ.csv: the quotes of the row that starts on line 4 do not pair up" in fault(folder, mini)


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(folder: Path, mini: Contract) -> None:
    text = (folder / "DIQ.csv").read_text()
    (folder / "DIQ.csv").write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    assert validate_folder(folder, mini).tables["DIQ"].n_valid == 5


def test_damaged_parquet(folder: Path, mini: Contract) -> None:
    frame = pl.read_csv(folder / "DIQ.csv", infer_schema=False)
    (folder / "DIQ.csv").unlink()
    frame.write_parquet(folder / "DIQ.parquet")
    whole = (folder / "DIQ.parquet").read_bytes()
    assert validate_folder(folder, mini).tables["DIQ"].n_valid == 5
    for data in (
        whole[:100],
        whole[:-3],
        whole[:200] + whole[-50:],
        whole[:4] + b"\xff" * (len(whole) - 8) + whole[-4:],
    ):
        (folder / "DIQ.parquet").write_bytes(data)
        assert fault(folder, mini) == "DIQ.parquet is a damaged or cut off Parquet file: deliver it again"
    (folder / "DIQ.parquet").write_text("SEQN,DIQ010\n1,0\n")
    assert "DIQ.parquet is not a Parquet file" in fault(folder, mini)


def test_nested_parquet_column(folder: Path, mini: Contract) -> None:
    frame = pl.read_csv(folder / "DIQ.csv", infer_schema=False).with_columns(DIQ010=pl.concat_list("DIQ010"))
    (folder / "DIQ.csv").unlink()
    frame.write_parquet(folder / "DIQ.parquet")
    assert "the column DIQ010 holds lists (List), which the contract of DIQ does not know" in fault(folder, mini)


def test_csv_beside_parquet(folder: Path, mini: Contract) -> None:
    pl.read_csv(folder / "DIQ.csv", infer_schema=False).write_parquet(folder / "DIQ.parquet")
    assert fault(folder, mini) == "DIQ: there are both DIQ.csv and DIQ.parquet; keep the one that is right"


def test_duplicate_key(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.replace("90002", "90003").replace("90001", "90003"))
    assert fault(folder, mini) == ("DIQ.csv: 2 rows repeat a person's SEQN; keep one row for each person")


def test_reading_one_table(folder: Path, mini: Contract) -> None:
    text = read_table(folder / "BPX.csv", mini.tables["BPX"])
    assert text.frame.columns[:2] == ["SEQN", "BPXCHR"]
    assert set(text.frame.dtypes) == {pl.String}
    assert text.lines.to_list() == [2]
    with pytest.raises(TableFault, match=r"nothing.csv is missing"):
        read_table(folder / "nothing.csv", mini.tables["BPX"])


@pytest.mark.parametrize("cut", [1, 3, 9, 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_that_does_not_end_its_last_line_is_cut_off(folder: Path, mini: Contract, end: str, cut: int) -> None:
    data = (folder / "DIQ.csv").read_text().replace("\n", end).encode()
    (folder / "DIQ.csv").write_bytes(data)
    assert validate_folder(folder, mini).tables["DIQ"].n_valid == 5
    (folder / "DIQ.csv").write_bytes(data[:-cut])
    assert fault(folder, mini).startswith("DIQ.csv is cut off: its last line, number ")


def test_a_file_cut_off_in_its_header_in_a_letter_or_in_quotes(folder: Path, mini: Contract) -> None:
    whole = (folder / "DIQ.csv").read_bytes()
    (folder / "DIQ.csv").write_bytes(whole[:20])
    assert "DIQ.csv is cut off: its last line, number 1, has no line end" in fault(folder, mini)
    (folder / "DIQ.csv").write_bytes(whole + "90009,é".encode()[:-1])
    assert "DIQ.csv is cut off: its last line, number 7, has no line end" in fault(folder, mini)
    (folder / "DIQ.csv").write_bytes(whole + b'90009,"secret\n')
    assert "the quotes of the row that starts on line 7 do not pair up, or the file is cut off in it" in fault(
        folder, mini
    )


def test_a_line_end_within_quotes_is_none_of_the_table(folder: Path, mini: Contract) -> None:
    (folder / "DIQ.csv").write_bytes((folder / "DIQ.csv").read_bytes() + b'90009,0,,,,,,,"\n"\n')
    assert validate_folder(folder, mini).tables["DIQ"].rejects["line"].to_list() == [7]
    (folder / "DIQ.csv").write_bytes((folder / "DIQ.csv").read_bytes()[:-1])
    assert "is cut off" in fault(folder, mini)


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        (pl.Date, "dates (Date)"),
        (pl.Datetime("us"), "dates with a time (Datetime)"),
        (pl.Duration("us"), "durations (Duration)"),
        (pl.Time, "times of day (Time)"),
        (pl.Binary, "binary data (Binary)"),
        (pl.List(pl.Int64), "lists (List)"),
        (pl.Struct({"a": pl.Int64}), "nested fields (Struct)"),
    ],
)
def test_a_parquet_column_whose_type_cannot_be_meant(
    folder: Path, mini: Contract, dtype: pl.DataType, said: str
) -> None:
    frame = pl.read_csv(folder / "DIQ.csv", infer_schema=False)
    (folder / "DIQ.csv").unlink()
    frame.with_columns(pl.lit(None, dtype=dtype).alias("DID040")).write_parquet(folder / "DIQ.parquet")
    assert fault(folder, mini) == (
        f"DIQ.parquet: the column DID040 holds {said}, which the contract of DIQ does not know; write text or numbers"
    )


def test_parquet_columns_that_say_what_a_csv_says(write: Write, mini: Contract) -> None:
    """Decimals, categories, truth values and a clock where one is declared."""
    folder = write(
        DIQ=[{"SEQN": "90001", "DIQ010": "0", "DID040": "55", "DIQ050": "1"}],
        SLQ=[{"SEQN": "90001", "SLQ300": "23:30"}],
    )
    as_csv = {name: table.valid for name, table in validate_folder(folder, mini).tables.items()}
    diq, slq = (pl.read_csv(folder / f"{name}.csv", infer_schema=False) for name in ("DIQ", "SLQ"))
    diq.with_columns(
        pl.col("DID040").cast(pl.Decimal(5, 1)), pl.col("DIQ010").cast(pl.Categorical), DIQ050=pl.lit(True)
    ).write_parquet(folder / "DIQ.parquet")
    slq.with_columns(pl.col("SLQ300").str.to_time("%H:%M")).write_parquet(folder / "SLQ.parquet")
    for name in ("DIQ", "SLQ"):
        (folder / f"{name}.csv").unlink()
    result = validate_folder(folder, mini)
    assert {name: table.nulled for name, table in result.tables.items() if table.nulled} == {}
    assert all(table.valid.equals(as_csv[name]) for name, table in result.tables.items())


def test_blanks_around_a_name_are_read_as_around_a_value(folder: Path, mini: Contract) -> None:
    edit(folder / "DIQ.csv", lambda text: text.replace(",", " , "))
    frame = pl.read_csv(folder / "DIQ.csv", infer_schema=False)
    assert frame.columns[1] == " DIQ010 "
    read = validate_folder(folder, mini).tables["DIQ"].valid
    (folder / "DIQ.csv").unlink()
    frame.write_parquet(folder / "DIQ.parquet")
    assert validate_folder(folder, mini).tables["DIQ"].valid.equals(read)
    assert read["DIQ010"].to_list() == ["No"] * 5


def test_the_faults_of_several_tables_come_at_once(folder: Path, mini: Contract) -> None:
    edit(folder / "BPX.csv", lambda text: text.replace("BPXSY1", "BPXSY9"))
    edit(folder / "DIQ.csv", lambda text: text + "90007")
    with pytest.raises(TableFault) as found:
        validate_folder(folder, mini)
    lines = str(found.value).splitlines()
    assert len(lines) == 2
    assert all(any(file in line for line in lines) for file in ("BPX.csv", "DIQ.csv"))
