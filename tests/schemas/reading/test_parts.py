"""A folder of part files is one table, each row with the part and the line that it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.splitting.study import validate_folder

Write = Callable[..., Path]


@pytest.fixture
def folder(write: Write) -> Path:
    """DIQ in three parts: two people, nobody, three people of whom one is unknown and one row is too short."""
    folder = write(
        DEMO=[{"SEQN": str(90_000 + place)} for place in range(5)],
        DIQ=[{"SEQN": str(90_000 + place), "DIQ010": "0"} for place in range(4)],
    )
    header, *rows = (folder / "DIQ.csv").read_text().splitlines(keepends=True)
    (folder / "DIQ.csv").unlink()
    parts = folder / "DIQ"
    parts.mkdir()
    for number, lines in enumerate(([*rows[:2]], [], [rows[2], "99999,0,,,,,,,\n", "90004,0\n", rows[3]])):
        (parts / f"part-0000{number}.csv").write_text("".join([header, *lines]))
    (parts / "_SUCCESS").touch()
    (parts / ".part-00000.csv.crc").touch()
    return folder


def fault(folder: Path, contract: Contract) -> str:
    with pytest.raises(TableFault) as caught:
        validate_folder(folder, contract, scoring=True)
    return str(caught.value)


def test_parts_are_one_table_by_the_order_of_their_names(folder: Path, mini: Contract) -> None:
    table = validate_folder(folder, mini, scoring=True).tables["DIQ"]
    assert (table.file, table.n_rows, table.n_valid, table.n_rejected) == ("DIQ", 6, 4, 2)
    assert table.valid["SEQN"].to_list() == ["90000", "90001", "90002", "90003"]
    assert table.rejects.select("file", "line", "person_id").rows() == [
        ("DIQ/part-00002.csv", 3, "99999"), ("DIQ/part-00002.csv", 4, "90004"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["DIQ", "DIQ.csv", "DIQ.parquet"])
def test_the_folder_is_named_like_the_table_or_its_file(folder: Path, mini: Contract, name: str) -> None:
    (folder / "DIQ").rename(folder / name)
    assert validate_folder(folder, mini, scoring=True).tables["DIQ"].file == name


def test_parts_in_parquet_may_differ_in_type(folder: Path, mini: Contract) -> None:
    header = pl.read_csv(folder / "DIQ" / "part-00001.csv", infer_schema=False)
    for path in list((folder / "DIQ").glob("part*")):
        path.unlink()
    for number, keys in enumerate(([90_000], [90_001.0], ["90002"])):
        rows = header.clear(n=1).with_columns(pl.Series("SEQN", keys))
        rows.write_parquet(folder / "DIQ" / f"part-{number}.snappy.parquet")
    table = validate_folder(folder, mini, scoring=True).tables["DIQ"]
    assert table.valid["SEQN"].to_list() == ["90000", "90001", "90002"]
    assert table.recoded == {"SEQN": {"decimal_key": 1}}


def test_the_same_part_twice_is_the_same_person_twice(folder: Path, mini: Contract) -> None:
    part = folder / "DIQ" / "part-00000.csv"
    (folder / "DIQ" / "part-00000 (1).csv").write_bytes(part.read_bytes())
    assert fault(folder, mini) == "DIQ: 2 rows repeat a person's SEQN; keep one row for each person"


def test_a_fault_of_a_part_names_it_unless_its_name_may_be_a_persons(folder: Path, mini: Contract) -> None:
    part = folder / "DIQ" / "part-00001.csv"
    part.write_bytes(b"")
    assert fault(folder, mini) == "DIQ/part-00001.csv is empty (0 bytes): deliver it again"
    part.rename(folder / "DIQ" / "anna_mueller.csv")
    assert fault(folder, mini) == "DIQ/file 1 by name is empty (0 bytes): deliver it again"
    (folder / "DIQ" / "anna_mueller.csv").unlink()
    last = folder / "DIQ" / "part-00002.csv"
    last.write_text(last.read_text()[:-9])
    assert fault(folder, mini).startswith("DIQ/part-00002.csv is cut off: its last line, number 5,")


def test_parts_with_other_columns_are_refused(folder: Path, mini: Contract) -> None:
    part = folder / "DIQ" / "part-00001.csv"
    part.write_text(part.read_text().replace("DIQ010,DID040", "DID040,DIQ010"))
    assert "DIQ: part-00001.csv has other columns than part-00000.csv, or in another order" in fault(folder, mini)


def test_a_folder_that_is_not_whole_is_refused(folder: Path, mini: Contract) -> None:
    parts = folder / "DIQ"
    (parts / "_temporary").mkdir()
    assert "DIQ holds _temporary: its parts were not all written" in fault(folder, mini)
    (parts / "_temporary").rmdir()
    (parts / "sex=1").mkdir()
    (parts / "anna.csv.gz").touch()
    assert "DIQ: 2 entries are no parts of the table" in fault(folder, mini)
    (parts / "sex=1").rmdir()
    (parts / "anna.csv.gz").rename(parts / "part-3.parquet")
    assert "DIQ holds parts in CSV and in Parquet" in fault(folder, mini)
    for path in parts.glob("part*"):
        path.unlink()
    assert "DIQ is a folder without part files" in fault(folder, mini)
