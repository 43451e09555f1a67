"""Whatever is done to the cells of a table, no row is lost, no value is shown, and what goes on keeps the contract."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.contract import Contract, load_contract
from schemas.faults import TableFault
from schemas.limits.judgement import Limits, excesses
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder

N_ROWS = 12
MARK = "zq"  # in every made-up text, and in nothing that the contracts declare

spoilt = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12).map(lambda text: text + MARK),
    st.sampled_from(
        [
            "",
            " ",
            "NaN",
            "inf",
            "-inf",
            "-1",
            "1e400",
            "5.397605346934028e-79",
            "9999",
            "777",
            "b''",
            "b'25:00'",
            ".",
            "0.5",
        ]
    ),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers().map(str),
)
edits = st.lists(st.tuples(st.integers(0, N_ROWS - 1), st.integers(0, 14), spoilt), max_size=25)


@pytest.fixture(scope="module")
def table(raw: Callable[[str], Path]) -> list[list[str]]:
    with (raw("heart") / "cleveland.csv").open(newline="") as file:
        return list(csv.reader(file))[: N_ROWS + 1]


def write(folder: Path, rows: list[list[str]]) -> None:
    with (folder / "cleveland.csv").open("w", newline="", encoding="utf-8") as file:
        # all quoted: the csv module leaves a lone carriage return bare, and a bare one ends the row
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)


def attempt(folder: Path) -> StudyResult | TableFault:
    try:
        return validate_folder(folder, load_contract("heart"))
    except TableFault as fault:
        return fault


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=edits)
def test_no_row_is_lost_and_no_value_is_shown(
    edits: list[tuple[int, int, str]], table: list[list[str]], tmp_path: Path
) -> None:
    rows = [list(row) for row in table]
    for row, column, text in edits:
        rows[row + 1][column] = text
    write(tmp_path, rows)
    contract = load_contract("heart")
    result = attempt(tmp_path)
    if isinstance(result, TableFault):  # two keys have become one
        assert "repeat a person's id" in str(result)
        return
    split = result.tables["cleveland"]
    assert split.n_rows == split.n_valid + split.n_rejected == N_ROWS
    contract.tables["cleveland"].validate(split.valid, lazy=True)

    shown = json.dumps(result.summary(), ensure_ascii=False) + repr(result)
    assert MARK not in shown
    strict = Limits(max_reject_share=0.0, max_nulled_share=0.0, allowance=0)
    passed = excesses(result.summary(), contract, strict)
    assert ("max_reject_share" in {excess.key for excess in passed}) == (split.n_rejected > 0)
    assert {excess.column for excess in passed if excess.key == "max_nulled_share"} == set(split.broken)
    assert MARK not in " ".join(excess.sentence() for excess in passed)

    # every rejected row is kept whole, at its line, with reasons
    starts = line_numbers(rows)
    for line, text, reasons in split.rejects.select("line", "row", "reasons").rows():
        source = rows[starts.index(line)]
        assert list(json.loads(text).values()) == source
        assert reasons
    # a cell that went on is the source's or has been counted
    for name in split.valid.columns:
        empty = split.valid[name].null_count()
        place = table[0].index(name)
        kept = [row for start, row in zip(starts[1:], rows[1:], strict=True) if start not in set(split.rejects["line"])]
        blank = sum(not row[place].strip(" ") for row in kept)
        assert empty == blank + sum(split.nulled.get(name, {}).values()), name


def line_numbers(rows: list[list[str]]) -> list[int]:
    """The line on which each row starts; a quoted cell may hold line ends of its own."""
    starts, line = [], 1
    for row in rows:
        starts.append(line)
        line += 1 + sum(cell.replace("\r\n", "\n").replace("\r", "\n").count("\n") for cell in row)
    return starts


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), at=st.integers(0, 400), cut=st.integers(0, 50))
def test_any_bytes_give_a_result_or_one_clear_sentence(
    data: bytes, at: int, cut: int, table: list[list[str]], tmp_path: Path
) -> None:
    write(tmp_path, table)
    path = tmp_path / "cleveland.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + data + whole[at + cut :])
    result = attempt(tmp_path)
    if isinstance(result, TableFault):
        assert str(result).startswith("cleveland.csv")
        assert "\n" not in str(result)
    else:
        split = result.tables["cleveland"]
        assert split.n_rows == split.n_valid + split.n_rejected


def test_rows_in_are_rows_out_over_tables(write: Callable[..., Path], mini: Contract) -> None:
    keys = [str(90_000 + place) for place in range(50)]
    folder = write(
        DEMO=[{"SEQN": key, "RIDAGEYR": "x" if place % 7 == 0 else "50"} for place, key in enumerate(keys[:40])],
        **{name: [{"SEQN": key} for key in keys[place:]] for place, name in enumerate(("BPX", "SLQ", "DIQ", "DBQ"))},
    )
    result = validate_folder(folder, mini)
    assert {name: table.n_rows for name, table in result.tables.items()} == {
        "DEMO": 40, "BPX": 50, "SLQ": 49, "DIQ": 48, "DBQ": 47,
    }  # fmt: skip
    assert all(table.n_rows == table.n_valid + table.n_rejected for table in result.tables.values())
    known = set(result.tables["DEMO"].valid["SEQN"])
    assert all(set(table.valid["SEQN"]) <= known for table in result.tables.values())
    assert result.rejects.height == sum(table.n_rejected for table in result.tables.values())
