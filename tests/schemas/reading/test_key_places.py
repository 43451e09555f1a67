"""Where keys stand among the keys of persons: what a look at each of them would say."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reading.key_places import KeyPlaces

NUMBERS = st.one_of(st.integers(-3, 40), st.sampled_from([2**62, -(2**62), 2**63 - 1, -(2**63)]))
KEYS = st.one_of(
    NUMBERS.map(str), st.integers(0, 40).map("{:03d}".format), st.sampled_from(["", "a", "P-1", "+7", "1.0", "9" * 30])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(KEYS, unique=True, max_size=30), st.lists(st.one_of(KEYS, st.none()), max_size=30))
def test_a_key_stands_where_it_is_found(keys: list[str], asked: list[str | None]) -> None:
    places = KeyPlaces(pl.Series("key", keys, dtype=pl.String)).of(pl.Series("other", asked, dtype=pl.String))
    assert places.tolist() == [keys.index(key) if key in keys else -1 for key in asked]


@pytest.mark.parametrize("keys", [["5", "05"], ["1", "900000000"], ["a", "b"], []])
def test_keys_that_are_no_numbers_in_a_narrow_range_are_found_by_their_text(keys: list[str]) -> None:
    places = KeyPlaces(pl.Series(keys, dtype=pl.String))
    assert places._numbers is None
    assert places.of(pl.Series([*keys, "x"])).tolist() == [*range(len(keys)), -1]
