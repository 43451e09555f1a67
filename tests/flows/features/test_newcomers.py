"""The part that a newcomer is given: by the key alone, with the shares of the split."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from flows.features.newcomers import as_split, parts_of, with_newcomers

SPLIT = pl.DataFrame(
    {"person_id": [str(number) for number in range(20)], "split": ["train"] * 14 + ["valid"] * 3 + ["test"] * 3}
)


@given(st.lists(st.text(min_size=1), unique=True, max_size=30))
def test_a_part_does_not_depend_on_who_else_is_there(keys: list[str]) -> None:
    together = parts_of(pl.Series(keys, dtype=pl.String), SPLIT)
    assert together["part"].to_list() == [parts_of(pl.Series([key]), SPLIT)["part"].item() for key in keys]


def test_parts_have_the_shares_of_the_split() -> None:
    people = pl.Series([f"{number:06}" for number in range(20_000)])
    counts = dict(as_split(parts_of(people, SPLIT), SPLIT)["split"].value_counts().iter_rows())
    assert abs(counts["train"] / 20_000 - 0.70) < 0.01
    assert abs(counts["valid"] / 20_000 - 0.15) < 0.01
    assert abs(counts["test"] / 20_000 - 0.15) < 0.01


def test_repeats_of_folds_are_drawn_apart() -> None:
    split = pl.DataFrame({"person_id": ["1", "2"], "repeat0": ["0", "1"], "repeat1": ["0", "1"]})
    found = as_split(parts_of(pl.Series([str(number) for number in range(1000)]), split), split)
    assert 0.4 < (found["repeat0"] == found["repeat1"]).mean() < 0.6  # type: ignore[operator]


def test_a_repeat_that_is_newer_than_a_part_is_filled_in_and_the_others_stay() -> None:
    old = SPLIT.rename({"split": "repeat0"}).with_columns(repeat0=pl.lit("4"))
    given_once = parts_of(pl.Series(["a", "b"]), old)
    new = old.with_columns(repeat0=pl.lit("0"), repeat1=pl.lit("2"))
    assert as_split(given_once, new).rows() == [("a", "4", "2"), ("b", "4", "2")]


def test_a_newcomer_whom_the_split_file_names_by_now_stays() -> None:
    newcomers = pl.DataFrame({"person_id": ["3", "x"], "split": ["test", "valid"]})
    found = dict(with_newcomers(SPLIT, newcomers).select("person_id", "split").iter_rows())
    assert (found["3"], found["x"], found["4"]) == ("test", "valid", "train")
    assert len(found) == 21
