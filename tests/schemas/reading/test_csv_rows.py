"""Rows read in blocks are those that the csv module gives, line by line and fault by fault, whatever the bytes are."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.contract import load_contract
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.csv_blocks import Block, read_rows
from schemas.reading.csv_file import read_csv, read_plain_csv
from schemas.reading.csv_lines import Lines, check_text
from schemas.reading.csv_rows import Rows, read_row_by_row
from schemas.reading.repeating import Repeating
from schemas.reading.stored import as_text

LIMIT = 40  # letters of a cell, instead of the csv module's 131,072
MARK = b"\xef\xbb\xbf"

# what a table holds, what it is cut into, and what damage looks like
WORDS = [b"a", b"", b" ", b"12", b"1.50", b"NA", b"null", b"#", b"\xc3\xa4", b"\t", b" x ", b"\xe2\x80\xa8", b"\x0b"]
QUOTED = [b'"q"', b'""', b'" "', b'"a,b"', b'"l\nm"', b'"l\r\nm"', b'"d""q"', b'"\xc3\xa4"', MARK, b'"' + MARK + b'"']
PIECES = [*WORDS, *QUOTED, b",", b"\n", b"\r\n", b'"', b'",', b',"', b'\n"', b"y" * (LIMIT + 1)]
RARE = [b"\r", b"\0", b"\xff", b"\xc3"]
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\n\n"])


@pytest.fixture(autouse=True, scope="module")
def short_cells() -> Iterator[None]:
    before = csv.field_size_limit(LIMIT)
    yield
    csv.field_size_limit(before)


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, int]:
    """Bytes of a table below its header, mostly whole rows, and its number of columns."""
    n_columns = draw(st.integers(1, 4))
    cells = st.sampled_from(draw(st.sampled_from([WORDS, [*WORDS, *QUOTED]])))
    row = st.lists(cells, min_size=n_columns, max_size=n_columns).map(b",".join)
    whole = st.sampled_from([b'"a,b"', b'x"q",y', b'"q"x,y', b'"a,b,c"', b'"a",', b"a\rb"])
    odd = st.one_of(whole, st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join))
    lines = draw(st.lists(st.tuples(st.one_of(row, row, row, odd), ENDS).map(b"".join), max_size=12))
    return b"".join(lines), n_columns


def outcome(read: Callable[[], Any]) -> Any:
    """What is read, or the sentence of the fault."""
    try:
        found = read()
    except TableFault as fault:
        return fault.table, str(fault)
    if isinstance(found, Rows):
        return found.frame.schema, found.frame.rows(), found.lines.name, found.lines.to_list(), found.broken
    return found


@settings(max_examples=600, deadline=None)
@given(tables(), st.sampled_from([1, 9, 40, 1 << 20]))
def test_blocks_give_what_the_csv_module_gives(table: tuple[bytes, int], size: int) -> None:
    data, n_columns = table
    header = [f"c{place}" for place in range(n_columns)]
    blocks = outcome(lambda: read_rows(Lines(data), header, "T.csv", "T", size=size))
    assert blocks == outcome(lambda: read_row_by_row(Lines(data), header, "T.csv", "T"))


@settings(max_examples=200, deadline=None)
@given(tables(), st.sampled_from([9, 1 << 20]), st.data())
def test_columns_that_are_read_as_codes_hold_the_same_text(table: tuple[bytes, int], size: int, data: Any) -> None:
    text, n_columns = table
    header = [f"c{place}" for place in range(n_columns)]
    repeating = data.draw(st.lists(st.sampled_from(header), unique=True))

    def as_codes() -> Rows:
        rows = read_rows(Lines(text), header, "T.csv", "T", size=size, repeating=repeating)
        coded = {column.name for column in rows.frame if isinstance(column.dtype, pl.Categorical)}
        assert coded == set(repeating) or (coded == set() and (rows.frame.is_empty() or b"\r" in text))
        return Rows(pl.DataFrame([as_text(column) for column in rows.frame]), rows.lines, rows.broken)

    assert outcome(as_codes) == outcome(lambda: read_row_by_row(Lines(text), header, "T.csv", "T"))


def test_a_column_of_too_many_texts_stays_text() -> None:
    data = "".join(f"{number},b\n" for number in range(70_000)).encode()
    frame = read_rows(Lines(data), ["a", "b"], "T.csv", "T", repeating=["a", "b"]).frame
    assert frame.schema == {"a": pl.String, "b": pl.String}
    assert frame["a"].to_list() == [str(number) for number in range(70_000)]


def test_it_is_learned_which_columns_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.reading.repeating.LEAST_ROWS", 3)
    monkeypatch.setattr("schemas.reading.repeating.MOST_WORDS", 2)
    monkeypatch.setattr("schemas.reading.repeating.MOST_WORDS_OF_ALL", 3)
    known, header = Repeating(), ["key", "few", "many"]
    known.learn(pl.DataFrame({"key": ["1"], "few": ["a"], "many": ["b"]}), "key")
    assert known.columns is None, "one row says nothing"
    known.learn(pl.DataFrame({"key": ["1", "1", "1"], "few": ["a", "", "a"], "many": ["b", "c", "d"]}), "key")
    assert known.columns == {"few"}
    known.learn(read_rows(Lines(b"1,e,x\n2,f,y\n"), header, "T.csv", "T", repeating=known.columns).frame, "key")
    assert known.columns == {"few"}
    known.learn(
        read_rows(Lines(b"1,g,x\n2,h,y\n3,i,z\n4,j,z\n"), header, "T", "T", repeating=known.columns).frame, "key"
    )
    assert known.columns == frozenset(), "the first part said too little"


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["heart/cleveland.csv", "nhanes/SMQ.csv", "whas500/whas500.csv"]),
    st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 3), st.sampled_from(PIECES + RARE)), max_size=5),
    st.one_of(st.none(), st.integers(0, 1200)),
    st.booleans(),
    st.sampled_from([30, 500, 1 << 20]),
)
def test_a_damaged_file_is_read_alike(
    raw: Callable[[str], Path],
    name: str,
    damage: list[tuple[int, int, bytes]],
    cut: int | None,
    marked: bool,
    size: int,
) -> None:
    study, file = name.split("/")
    path = raw(study) / file
    data = b"".join(path.read_bytes().splitlines(keepends=True)[:15])[:cut]
    for place, taken, given_instead in damage:
        data = data[:place] + given_instead + data[place + taken :]
    data = MARK + data if marked else data
    view = ModelView.of(load_contract(study).tables[path.stem])
    blocks = partial(read_rows, size=size)
    options: dict[str, Any] = {"table": path.stem, "stored_as": file, "optional": ()}

    def declared(rows: Any) -> Any:
        text = read_csv(data, file, view, **options, rows=rows)
        return text.header, outcome(lambda: Rows(text.frame, text.lines, text.broken))

    def plain(rows: Any) -> Any:
        frame = read_plain_csv(data, file, table=path.stem, rows=rows)
        return frame.schema, frame.rows()

    assert outcome(lambda: declared(blocks)) == outcome(lambda: declared(read_row_by_row))
    assert outcome(lambda: plain(blocks)) == outcome(lambda: plain(read_row_by_row))


def test_only_the_odd_lines_go_row_by_row() -> None:
    data = b'a,b\n"x","y"\r\n\n1\n"2,3"\n1,2,3\n"p,q",r\n"l\nm",n\nx"y",z\n s , t \n,\n""",",\n'
    assert Block(data, 2).plain.tolist() == [True, True, *[False] * 8, True, True, False]
    rows = read_rows(Lines(data), ["one", "two"], "T.csv", "T")
    assert rows.frame.rows() == [
        ("a", "b"), ("x", "y"), ("p,q", "r"), ("l\nm", "n"), ('x"y"', "z"), (" s ", " t "), ("", ""), ('",', ""),
    ]  # fmt: skip
    assert rows.lines.to_list() == [1, 2, 7, 8, 10, 11, 12, 13]
    assert [(row.line, row.fields, row.rule) for row in rows.broken] == [
        (4, ("1",), "too_few_fields"), (5, ("2,3",), "too_few_fields"), (6, ("1", "2", "3"), "too_many_fields"),
    ]  # fmt: skip


def test_a_blank_line_of_one_column_is_no_row_and_an_empty_quoted_cell_is_one() -> None:
    rows = read_rows(Lines(b'\n1\n""\n\r\n \n'), ["one"], "T.csv", "T")
    assert (rows.frame["one"].to_list(), rows.lines.to_list()) == (["1", "", " "], [2, 3, 5])


def test_words_that_polars_would_take_for_something_else_stay_text() -> None:
    given_words = ["NA", "null", "#x", "", " 1 ", "1e5", "true", "2020-01-01", "\ufeff", "'a'", "1_000"]
    data = "".join(f"{word},{word}\n" for word in given_words).encode()
    for size in (1, 20, 1 << 20):
        frame = read_rows(Lines(b"\n" + data), ["^a$", "*"], "T.csv", "T", size=size).frame
        assert frame["^a$"].to_list() == frame["*"].to_list() == given_words


def test_the_line_of_a_byte_that_is_not_utf_8_is_counted_behind_a_byte_order_mark() -> None:
    with pytest.raises(TableFault, match="line 2 holds a byte"):
        check_text(MARK + b"a\n\xffb\n", "T.csv", "T")
