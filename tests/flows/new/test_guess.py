"""What is guessed of a column from its cells, worked by hand, and what holds whatever the cells are."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.new.codes import meaning_of_word, special_numbers
from flows.new.column import Column, ColumnError, LeftOut, Wish
from flows.new.guess import guess_column
from flows.new.ranges import plausible_range
from schemas.reading.described import ColumnMetadata

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


def column(
    cells: list[str | None], name: str = "x", described: ColumnMetadata | None = None, **wish: Any
) -> Column | LeftOut:
    return guess_column(pl.Series(name, cells, dtype=pl.String), described, Wish(**wish))


def declared(cells: list[str | None], name: str = "x", **options: Any) -> Column:
    found = column(cells, name, **options)
    assert isinstance(found, Column)
    return found


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([0, 1, 7, 9], [7, 9]),
        ([1, 2, 9], [9]),
        ([1, 2, 3, 4, 5, 7, 9], []),  # the gap is too small: they may be counts
        ([3, 6, 7], []),
        ([*range(12), 77, 99], [77, 99]),
        ([*range(30, 90), 99], []),  # an age
        ([*range(30, 90), 777, 999], [777, 999]),
        ([-9, *range(18, 80)], [-9]),
        ([-1, 0, 1.5, 2], [-1]),
        ([-9, -2.5, -1, 0, 4], []),  # other numbers below zero are real
        ([-9], []),
    ],
)
def test_codes_for_no_value_lie_far_outside_the_rest(values: list[float], codes: list[int]) -> None:
    assert sorted(special_numbers(np.unique(values))) == codes


@given(low=FINITE, span=st.floats(0, 1e9), above=st.booleans())
def test_a_range_holds_what_was_seen_and_no_code(low: float, span: float, above: bool) -> None:
    high = low + span
    code = high + max(span, 1) if above else low - max(span, 1)
    below, over = plausible_range(low, high, [code])
    assert below <= low <= high <= over
    assert not below <= code <= over
    assert below >= 0 or low < 0


def test_a_range_is_round_so_that_it_tells_nobodys_value() -> None:
    assert plausible_range(30, 104) == (10, 125)
    assert plausible_range(13.04546, 44.83886) == (4, 54)


def test_none_is_an_answer_and_refused_is_not() -> None:
    assert [meaning_of_word(word) for word in ("None", "mild", "Normal")] == [None, None, None]
    assert meaning_of_word("Don't know") == "dont_know"
    assert meaning_of_word("NA") == "missing_code"
    assert meaning_of_word("Refused") == "refused"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["0", "1"] * 20, "binary"),
        (["Yes", "no"] * 20, "binary"),
        (["1", "2"] * 20, "category"),
        (["male", "female"] * 20, "category"),
        (["1", "2", "3", "4"] * 20, "category"),
        (["0", "1", "2", "3"] * 20, "integer"),
        ([str(number) for number in range(40)] * 2, "integer"),
        ([f"{number / 7:.3f}" for number in range(40)], "number"),
        (["X", None] * 20, "flag"),
        (["23:30", "7:05"] * 20, "time_of_day"),
    ],
)
def test_kinds(cells: list[str | None], kind: str) -> None:
    assert declared(cells).kind == kind


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([f"{number}" for number in range(1000, 1100)], "identifier"),
        ([f"she said {number}" for number in range(60)], "free text"),
        (["2020-01-31", "2020-02-01"] * 20, "date"),
        (["31.1.2020", "1.2.2020"] * 20, "date"),
        ([None] * 20, "empty"),
        ([f"{number}/{number - 30}" for number in range(100, 160)], "write plain numbers"),
        ([f"{number} %" for number in range(60)], "write plain numbers"),
        ([f"{10**18 + number}" for number in range(60)], "no amounts"),
    ],
)
def test_what_no_table_gets(cells: list[str | None], why: str) -> None:
    found = column(cells)
    assert isinstance(found, LeftOut)
    assert why in found.why


def test_words_that_hardly_anybody_has_are_not_written() -> None:
    found = declared(["north"] * 80 + ["south"] * 80 + ["Mrs Miller"])
    assert found.classes == ("north", "south")
    assert [each.theme for each in found.judgements] == ["rare"]
    assert "Miller" not in repr(found)


def test_numbers_beside_words_stay_numbers() -> None:
    cells = [f"{number}" for number in range(1000, 9000, 40)] + ["<1000"] * 9 + ["NA"] * 30
    found = declared(cells)
    assert (found.kind, found.arguments["special"]) == ("integer", {"<1000": "in_words", "NA": "missing_code"})


def test_one_spelling_for_a_word_in_several_cases() -> None:
    found = declared(["Male"] * 20 + ["male"] * 9 + ["Female"] * 20)
    assert found.arguments["labels"] == {"Female": "Female", "Male": "Male", "male": "Male"}


def test_words_on_a_ladder_stand_in_its_order() -> None:
    assert declared(["severe", "mild", "none", "moderate"] * 9).classes == ("none", "mild", "moderate", "severe")


def test_an_outcome_of_one_and_two_says_which_means_yes() -> None:
    found = declared(["1", "2"] * 20, wanted="binary")
    assert (found.arguments, [each.theme for each in found.judgements]) == ({"no": ["2"]}, ["outcome"])
    other = declared(["1.0", "2.0"] * 20, wanted="binary", yes="2")
    assert other.arguments == {"yes": ["2.0"], "no": ["1.0"]}
    assert not other.judgements


def test_an_outcome_of_two_words_must_say_which_means_yes() -> None:
    with pytest.raises(ColumnError, match="which of its two answers"):
        column(["alive", "dead"] * 20, wanted="binary")
    assert declared(["alive", "dead"] * 20, wanted="binary", yes="dead").arguments == {"yes": ["dead"], "no": ["alive"]}


def test_an_outcome_that_cannot_be_its_kind_is_said_without_a_value() -> None:
    with pytest.raises(ColumnError, match="no regression"):
        column(["low", "high"] * 20, wanted="number")
    with pytest.raises(ColumnError, match="3 different answers"):
        column(["0", "1", "2"] * 20, wanted="binary")


def test_decimal_commas_are_said() -> None:
    with pytest.raises(ColumnError, match="commas in its numbers"):
        column(["24,85", "3", "3,1"] * 20)


def test_labels_units_and_missing_codes_of_a_file_are_taken_over() -> None:
    described = ColumnMetadata(
        name="pain",
        type="number",
        label="Chest pain",
        value_labels={"1": "Typical", "2": "None", "8": "Refused", "3": "Atypical"},
        missing_codes=("8",),
    )
    found = declared(["1", "2", "8"] * 9, described=described)
    assert found.arguments["labels"] == {"1": "Typical", "2": "None", "3": "Atypical"}
    assert (found.title, found.arguments["special"]) == ("Chest pain", {"8": "refused"})
    weight = ColumnMetadata(name="w", type="number", label="Weight of the patient (kg)", missing_ranges=((900, 999),))
    found = declared([f"{number}.5" for number in range(50, 90)] + ["950"], described=weight)
    assert (found.title, found.arguments["unit"]) == ("Weight of the patient", "kg")
    assert found.arguments["special"] == {950: "missing_code"}


@pytest.mark.parametrize(
    "cells",
    [
        ["01JAN2020", "28feb2021"],
        ["3. März 2020", "4. Okt 2021"],
        ["Jan 1, 2020", "Dec 24, 2021"],
        ["2020/01/31", "2020-1-2 12:30"],
        ["2020-01", "2021-12"],
        ["20200131", "19991224"],
        ["unknown", "2020-01-31", "2020-02-01"],
    ],
)
def test_dates_however_written_are_no_category(cells: list[str]) -> None:
    found = column([*cells] * 30)
    assert isinstance(found, LeftOut)
    assert ("a date" in found.why, found.may_stay) == (True, False)


def test_a_kept_column_stays_with_all_its_words() -> None:
    cells: list[str | None] = ["north"] * 80 + ["Miller"] * 5
    assert column(cells) == LeftOut("x", "words of fewer than 10 people each")
    kept = declared(cells, keep=True)
    assert (kept.classes, kept.judgements) == (("Miller", "north"), ())
    number = [f"{number}" for number in range(1000, 1100)]
    assert (declared(number, keep=True).kind, declared(["7"] * 30, keep=True).feature) == ("integer", True)
    for unfit in ([f"she said {number}" for number in range(60)], ["2020-01-31"] * 30, [None] * 20):
        found = column(list(unfit), keep=True)
        assert isinstance(found, LeftOut)
        assert not found.may_stay


def test_standard_words_are_written_however_few_have_them() -> None:
    assert declared(["none"] * 80 + ["mild"] * 40 + ["severe"] * 4).classes == ("none", "mild", "severe")


def test_a_label_for_every_person_is_a_name() -> None:
    described = ColumnMetadata(
        name="x", type="number", value_labels={f"{code}": f"Surname{code}" for code in range(60)}
    )
    found = column([f"{code}" for code in range(60)], described=described)
    assert isinstance(found, LeftOut)


def test_labels_say_which_answer_is_yes_and_numbers_do_not() -> None:
    described = ColumnMetadata(name="x", type="number", value_labels={"1": "Alive", "2": "Dead"})
    with pytest.raises(ColumnError, match=r"1 \(Alive\) and 2 \(Dead\), means yes"):
        column(["1", "2"] * 20, described=described, wanted="binary")
    with pytest.raises(ColumnError, match="alive and one of few people, means yes"):
        column(["alive"] * 30 + ["Miller"], wanted="binary")


def test_a_tick_stored_as_a_float_is_the_code() -> None:
    assert declared(["1.0", None] * 20).arguments == {"code": "1"}
