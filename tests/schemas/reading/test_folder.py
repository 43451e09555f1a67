"""What lies beside the tables: nothing passes for a table that nobody reads, and no odd name is quoted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.reading.names import Names, listed
from schemas.splitting.study import validate_folder

Write = Callable[..., Path]


@pytest.fixture
def folder(write: Write) -> Path:
    return write(DIQ=[{"SEQN": "90001", "DIQ010": "0"}])


def fault(folder: Path, contract: Contract, *, scoring: bool = True) -> str:
    with pytest.raises(TableFault) as caught:
        validate_folder(folder, contract, scoring=scoring)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("scoring", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        "diq.csv", "DIQ.CSV", "Diq.Parquet", "DIQ (1).csv", "DIQ-copy.csv", "Copy of DIQ.csv", "DIQ_old.csv",
        "DIQ 2.csv", "DIQ.xlsx", "DIQ.csv.gz", "DIQ.zip", "DIQ.tsv", "DIQ.txt", "DIQ.por", "DIQ.zsav", "DIQ.csv.part",
        "DIQ.csv~", "DIQ", "diq.json",
    ],
)  # fmt: skip
def test_a_near_miss_of_a_table_is_named_beside_the_table_and_without_it(
    folder: Path, mini: Contract, name: str, scoring: bool
) -> None:
    wanted = replace(mini, optional=frozenset({"DIQ"}))
    (folder / name).write_text("SEQN\n")
    assert f"{folder} holds {name} (like DIQ), which is not read: a table is named exactly" in fault(folder, wanted)
    (folder / "DIQ.csv").unlink()
    assert f"holds {name} (like DIQ), which is not read" in fault(folder, wanted, scoring=scoring)


def test_every_near_miss_is_named_at_once(folder: Path, mini: Contract) -> None:
    for name in ("diq.csv", "BPX.xlsx"):
        (folder / name).touch()
    (folder / "slq").mkdir()
    assert "holds BPX.xlsx (like BPX), diq.csv (like DIQ), slq (like SLQ), which are not read" in fault(folder, mini)


@pytest.mark.parametrize("name", ["DIQ Anna Mueller.csv", "mueller_diq_19500312.xlsx"])
def test_a_name_with_more_in_it_is_not_quoted(folder: Path, mini: Contract, name: str) -> None:
    (folder / name).touch()
    sentence = fault(folder, mini)
    assert "holds a file of a longer name (like DIQ), which is not read" in sentence
    assert "ueller" not in sentence
    validate_folder(folder, mini)  # beside training data it may be the table's description


def test_an_unknown_table_is_a_fault_of_a_drop_and_goes_by_its_kind(folder: Path, mini: Contract) -> None:
    for name in ("mueller.csv", "anna.csv", "night.xlsx", "backup.tar.gz"):
        (folder / name).touch()
    (folder / "export").mkdir()
    (folder / "export" / "anna.csv").touch()
    sentence = fault(folder, mini)
    assert sentence == (
        f"{folder} holds tables that are not in the contract of mini (2 .csv, 1 .tar.gz, 1 .xlsx, 1 folder of tables): "
        "take them out, or name them there under `tables` or `beside`"
    )
    validate_folder(folder, mini)  # raw data for training may lie among others


def test_what_is_no_table_may_lie_in_a_drop(folder: Path, mini: Contract) -> None:
    for name in (
        "README.md", "note.txt", "DIQ.md", "notes on DIQ.txt", "DIQ.csv.dvc", "DIQ.sha256", ".DS_Store", "._DIQ.csv",
        "_SUCCESS", ".~lock.DIQ.csv#", "~$DIQ.xlsx", "manifest.json", "dictionary.csv",
    ):  # fmt: skip
        (folder / name).touch()
    (folder / "splits").mkdir()
    (folder / "splits" / "split.csv").touch()
    (folder / "pictures").mkdir()
    knows = replace(mini, beside=frozenset({"dictionary.csv"}))
    assert validate_folder(folder, knows, scoring=True, beside=["splits"]).tables["DIQ"].n_valid == 1
    assert "(1 .csv, 1 folder of tables)" in fault(folder, mini)


def test_a_link_is_followed_and_one_that_leads_nowhere_is_named(folder: Path, mini: Contract) -> None:
    wanted = replace(mini, optional=frozenset({"DIQ"}))
    (folder / "DIQ.csv").rename(folder / ".elsewhere")
    (folder / "DIQ.csv").symlink_to(folder / ".elsewhere")
    assert validate_folder(folder, wanted, scoring=True).tables["DIQ"].n_valid == 1
    (folder / ".elsewhere").unlink()
    assert fault(folder, wanted).startswith("DIQ.csv is a link that leads nowhere")
    (folder / "DIQ.csv").unlink()
    os.mkfifo(folder / "DIQ.csv")  # to read it would wait for ever
    assert "or no file" in fault(folder, wanted)


def test_a_table_is_found_once(folder: Path, mini: Contract) -> None:
    (folder / "DIQ").mkdir()
    assert fault(folder, mini) == "DIQ: there are both DIQ.csv and DIQ; keep the one that is right"


def test_the_contract_of_optional_tables_is_checked(mini: Contract) -> None:
    with pytest.raises(ValueError, match="optional names DUQ, which is none of its tables"):
        replace(mini, optional=frozenset({"DUQ"}))
    with pytest.raises(ValueError, match="the person table DEMO cannot be optional"):
        replace(mini, optional=frozenset({"DEMO"}))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CLEVELAND", ("cleveland", True)),
        ("Cleve-land", ("cleveland", True)),
        ("clevelnd", ("cleveland", True)),
        ("clevelandd", ("cleveland", True)),
        ("clevelamd", ("cleveland", True)),
        ("celveland", ("cleveland", True)),
        ("cleveland_3", ("cleveland", True)),
        ("cleveland hospital", ("cleveland", False)),
        ("cleve", None),
        ("hungarian", None),
        ("DUQ", None),  # of three letters one is another name
        ("visits 2024", ("visits_2024", True)),
        ("visits 2023", None),
        ("", None),
    ],
)
def test_a_name_that_was_meant(name: str, expected: tuple[str, bool] | None) -> None:
    assert Names(["DIQ", "cleveland", "visits_2024"]).meant(name) == expected


def test_nothing_resembles_a_name_without_letters() -> None:
    assert Names(["%", "age"]).meant("") is None
    assert Names(["%", "age"]).meant("%%") is None


def test_a_long_list_ends_in_a_number() -> None:
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"
