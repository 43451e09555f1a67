"""Plain cells are read as ``parse`` reads them, value and rule, whatever stands in the others."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fields import KINDS
from schemas.fields.binary import Binary
from schemas.fields.category import Category
from schemas.fields.flag import Flag
from schemas.fields.integer import Integer
from schemas.fields.number import Number
from schemas.fields.person_key import PersonKey
from schemas.fields.plain import Plain
from schemas.fields.rules import Rules
from schemas.fields.time_of_day import TimeOfDay
from schemas.reading.repeating import coded_columns
from schemas.reading.stored import as_text
from schemas.splitting.parsing import _by_codes

RULES: list[Rules] = [
    Number(title="any decimals", low=-5, high=5000),
    Number(title="one decimal", low=0, high=500, decimals=1, special={777: "refused", 501: 499, "7": "seven"}),
    Number(title="four decimals", low=0, high=500, decimals=4, sas_zero=True),
    Number(title="nine decimals", low=0, high=500, decimals=9),
    Integer(title="count", low=1, high=100, sas_zero=True, special={0: "never", 777: "refused", 666: 100}),
    Integer(title="count of zeros", low=0, high=100, sas_zero=True, special={"3 or more": 3, "11": "eleven"}),
    Integer(title="score", codes={1: "good", 2: "bad"}, special={7: "refused", 9: 2}),
    Binary(title="plain"),
    Binary(title="worded", labels={"Yes": "1", "2": "0", "No": "0"}, special={7: "refused", 9: 1, "7.5": "half"}),
    Category(title="codes", labels={"1": "a", "11": "b", "2": "a"}, special={"9": "refused", "2": "two"}),
    Category(title="words", labels={"Yes": "yes", " odd ": "odd", "": "empty", "11.0": "whole"}, special={7: "x"}),
    Flag(title="tick", code="10"),
    PersonKey(title="key", min_digits=1, max_digits=4),
    TimeOfDay(title="time"),
]
ODD = [
    *("", " ", "0", "1", "2", "3", "7", "9", "10", "11", "11.0", "11.00", "-0", "-1", "1.0", " 1", "1 ", "+1", "1e0"),
    *("666", "777", "501", "777.0", "776.9999999", "1.05", "1.0500001", "2.675", "0.1", "0.30000000000000004", "1.5"),
    *("5.397605346934028e-79", "5.4e-79", "5.3e-79", "1e-300", "1e300", "1e400", "nan", "inf", "-inf", "NaN", "1,5"),
    *("Yes", "No", "yes", "odd", " odd ", "3 or more", "23:30", "b'1:05'", "abc", "1_0", "9007199254740993", "1e9"),
]
CELLS = st.lists(
    st.one_of(
        st.sampled_from(ODD),
        st.none(),
        st.integers(-20, 1000).map(str),
        st.floats(-10, 600).map(repr),
        st.tuples(st.integers(0, 5_000_000), st.integers(0, 5)).map(lambda pair: repr(pair[0] / 10 ** pair[1])),
        st.tuples(st.integers(0, 5_000_000), st.integers(0, 5)).map(lambda pair: repr(pair[0] * 10.0 ** -pair[1])),
    ),
    max_size=30,
)


def test_every_kind_is_here() -> None:
    assert {type(rules) for rules in RULES} == set(KINDS.values())


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.title)
@settings(max_examples=60, deadline=None)
@given(cells=CELLS)
def test_plain_cells_are_read_as_every_cell_is(rules: Rules, cells: list[str | None]) -> None:
    require_same(rules, pl.Series("text", cells, dtype=pl.String))


STORED = [pl.Int8, pl.Int64, pl.UInt8, pl.Float32, pl.Float64, pl.Boolean]
NUMBERS = st.one_of(
    st.none(), st.integers(0, 120), st.sampled_from([0.5, 1.05, 5.397605346934028e-79, float("nan"), -0.0])
)


@pytest.mark.parametrize("dtype", STORED, ids=str)
@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(NUMBERS, max_size=30))
def test_stored_numbers_are_read_as_their_text_is(dtype: type[pl.DataType], numbers: list[float | None]) -> None:
    cells = pl.Series("text", numbers, dtype=pl.Float64).cast(dtype, strict=False)
    for rules in RULES:
        require_same(rules, cells)


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int64, pl.UInt8, pl.Float64], ids=str)
@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.one_of(st.none(), st.integers(0, 120), st.just(float("nan"))), max_size=30))
def test_small_whole_numbers_are_read_as_codes_of_their_text(
    dtype: type[pl.DataType], numbers: list[float | None]
) -> None:
    cells = pl.Series("text", numbers, dtype=pl.Float64).cast(dtype, strict=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schemas.reading.repeating.LEAST_ROWS", 0)
        coded = coded_columns(cells.to_frame()).get("text")
    blank = cells.is_null() | cells.is_nan() if cells.dtype.is_float() else cells.is_null()
    assert (coded is None) == blank.all()
    for rules in RULES if coded else ():
        parsed = rules.parse(as_text(cells).str.strip_chars().replace("", None).rename("text").to_frame())
        dtype_read = parsed["value"].dtype
        values, met = _by_codes(coded, rules, dtype_read, {})
        assert [str(value) for value in values] == [str(value) for value in parsed["value"]]
        found = {(place, rule) for places, rule in met for place in places.to_list()}
        assert found == {(place, rule) for place, rule in enumerate(parsed["rule"]) if rule is not None}


@pytest.mark.parametrize("numbers", [[0.5, 1.0], [-1.0, 1.0], [-0.0, 1.0], [1.0, 1e9], [float("inf")], [1e300, 2.0]])
def test_other_numbers_are_no_codes(numbers: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.reading.repeating.LEAST_ROWS", 0)
    assert coded_columns(pl.DataFrame({"n": numbers})) == {}


def test_a_number_that_decimals_make_odd_is_plain() -> None:
    """0.1 + 0.2, as a spreadsheet writes it, and 777 for an answer."""
    plain = RULES[1].plain(pl.Series(["0.30000000000000004", "777", "", "abc", "12.5"]))
    assert plain is not None
    assert plain.values.to_list() == [0.3, None, None, None, 12.5]
    assert plain.rest.tolist() == [3]
    assert [(places.tolist(), rule) for places, rule in plain.noted] == [([1], "refused")]


def require_same(rules: Rules, cells: pl.Series) -> None:
    plain = rules.plain(cells)
    if plain is None:
        return
    parsed = rules.parse(as_text(cells).str.strip_chars().replace("", None).rename("text").to_frame())
    known = np.setdiff1d(np.arange(len(cells)), plain.rest)
    assert plain.values.len() == len(cells)
    values = [str(value) for value in parsed["value"].gather(known)]
    assert [str(value) for value in plain.values.gather(known)] == values
    assert rules_met(plain, len(cells)) == [
        rule if place in known else None for place, rule in enumerate(parsed["rule"])
    ]


def rules_met(plain: Plain, n_cells: int) -> list[str | None]:
    met: list[str | None] = [None] * n_cells
    for places, rule in plain.noted:
        for place in places.tolist():
            assert met[place] is None
            met[place] = rule
    return met
