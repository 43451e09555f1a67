"""A column of numbers: an amount, a whole number, codes for names, or no and yes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from flows.new.codes import special_numbers
from flows.new.column import Column, Judgement, LeftOut, Wish, said_special
from flows.new.known_words import is_written
from flows.new.ranges import plausible_range
from flows.new.titles import Words
from flows.new.words import MOST_NAMES, category_column
from flows.new.yes_no import binary_column
from schemas.fields.figures import SAS_ZERO

MOST_CODES = 7  # different whole numbers that may be names
ENOUGH = 20  # people from which on a column without repeats looks like an identifier
LONG = 7  # digits of a number that names somebody
TOO_LONG = 16  # digits that a float does not hold
FAR = 12.0  # spans between the quartiles beyond which a value is far from the rest
_IDENTIFIER = re.compile(
    r"(^|[_.\W])(id|ids|nr|no|num|number|mrn|ssn|nhs|pid|seqn|phone|tel|zip|postcode|uuid)\d*$|[a-z]ID$", re.I
)


def numbers_of(cells: pl.Series) -> pl.Series:
    """The cells as numbers; null where one is none."""
    numbers = cells.cast(pl.Float64, strict=False)
    return numbers.set((~numbers.is_finite()).fill_null(False), None)


def guess_number(
    cells: pl.Series,
    numbers: pl.Series,
    n_rows: int,
    words: Words,
    special: Mapping[str, str],
    wish: Wish,
) -> Column | LeftOut:
    """A column whose cells are numbers nearly all; ``special`` are words beside them that stand for no value."""
    wanted = wish.wanted
    others = dict(cells.filter(numbers.is_null()).value_counts().iter_rows())
    every = wish.keep and len(others) <= MOST_NAMES
    worded = {**special, **{word: "in_words" for word, count in others.items() if every or is_written(word, count)}}
    values = numbers.drop_nulls().to_numpy()
    sas_zero = np.isclose(values, SAS_ZERO, rtol=1e-3, atol=0)
    values = np.where(sas_zero, 0.0, values)
    distinct = np.unique(values)
    codes = special_numbers(distinct)
    values, distinct = values[~np.isin(values, list(codes))], distinct[~np.isin(distinct, list(codes))]
    whole = bool(np.equal(np.mod(distinct, 1), 0).all())
    if cells.str.contains(rf"^\d{{{TOO_LONG},}}$").any():
        return LeftOut(words.name, f"whole numbers of {TOO_LONG} or more digits, which are no amounts", may_stay=False)
    if wanted is None and not wish.keep and (found := _identifier(words.name, cells, values, distinct, whole)):
        return LeftOut(words.name, found)
    # the texts of the values, looked at where they are few; a tiny one is how SAS writes zero
    real = cells.filter(numbers.is_in(distinct.tolist()) | numbers.is_between(0, 1e-70)) if whole else cells
    everything: dict[str | float, str] = _as_numbers(worded, distinct)
    everything.update(codes.items())
    if wanted == "binary" or (wanted is None and set(distinct) == {0.0, 1.0}):
        return binary_column(real, words, everything, wish.yes, {})
    if wanted is None and len(distinct) == 1 and values[0] == 1 and len(values) < n_rows and not everything:
        return Column(name=words.name, kind="flag", title=words.title, arguments={"code": "1"})
    if wanted == "category" or (wanted is None and whole and _names_something(distinct, len(values))):
        column = category_column(
            real, words, {str(code): rule for code, rule in everything.items()}, {}, all_words=True
        )
        return column if wanted else _asked(column, Judgement("codes", words.name, "read as names"))
    return _amount(words, values, distinct, everything, whole=whole, sas_zero=bool(sas_zero.any()))


def _as_numbers(special: Mapping[str, str], distinct: np.ndarray) -> dict[str | float, str]:
    """Codes outside the real values as numbers, so that ``99`` is ``99.0`` too; others stay text."""
    found: dict[str | float, str] = {}
    for code, rule in special.items():
        value = float(code) if re.fullmatch(r"-?\d+(\.\d+)?", code) else None
        inside = value is None or not len(distinct) or distinct[0] <= value <= distinct[-1]
        found[code if value is None or inside else _plain(value)] = rule
    return found


def _amount(
    words: Words, values: np.ndarray, distinct: np.ndarray, special: Mapping[Any, str], *, whole: bool, sas_zero: bool
) -> Column:
    low, high = plausible_range(float(distinct[0]), float(distinct[-1]), [c for c in special if not isinstance(c, str)])
    if whole:
        low, high = float(np.floor(low)), float(np.ceil(high)) if not special else float(np.floor(high))
    comments, judgements = said_special(words.name, special)
    arguments: dict[str, Any] = {"unit": words.unit} if words.unit or not whole else {}
    arguments |= {"low": int(low) if whole else _plain(low), "high": int(high) if whole else _plain(high)}
    arguments |= {"special": dict(special)} if special else {}
    arguments |= {"sas_zero": True} if sas_zero else {}
    if _far(values):
        judgements = (*judgements, Judgement("far", words.name))
    if len(distinct) == 1:
        judgements = (*judgements, Judgement("constant", words.name))
    elif whole and len(distinct) <= MOST_CODES:
        judgements = (*judgements, Judgement("codes", words.name, "read as an amount"))
    return Column(
        name=words.name,
        kind="integer" if whole else "number",
        title=words.title,
        arguments={**arguments, **words.privacy},
        comments=comments,
        feature=len(distinct) > 1,
        judgements=judgements,
    )


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _asked(column: Column, judgement: Judgement) -> Column:
    return replace(column, judgements=(*column.judgements, judgement))


def _names_something(distinct: np.ndarray, n: int) -> bool:
    """Whether whole numbers look like codes: few, and not counted from 0 upwards."""
    counted = distinct[0] == 0 and len(distinct) == distinct[-1] + 1
    few = 2 <= len(distinct) <= MOST_CODES and n >= 10 * len(distinct)
    return bool(few and distinct[0] >= 0 and distinct[-1] < 100 and (not counted or len(distinct) == 2))


def _identifier(name: str, cells: pl.Series, values: np.ndarray, distinct: np.ndarray, whole: bool) -> str:
    """Why numbers look like identifiers; empty if they do not."""
    if not whole or len(values) < ENOUGH or not len(distinct):
        return ""
    unique = len(distinct) >= 0.98 * len(values)
    padded = cells.head(1000).str.contains(r"^0\d").any()
    in_a_row = distinct[-1] - distinct[0] + 1 <= 1.02 * len(values)
    if unique and (in_a_row or distinct[0] >= 10**LONG or padded or _IDENTIFIER.search(name)):
        return "it looks like an identifier: nearly everybody has another number"
    if _IDENTIFIER.search(name) and len(distinct) > 0.1 * len(values):
        return "it looks like an identifier, by its name and its many numbers"
    return ""


def _far(values: np.ndarray) -> bool:
    """Whether the largest or the smallest value lies far from all others."""
    if len(values) < ENOUGH:
        return False
    ordered = np.sort(values)
    first, third = np.quantile(ordered, [0.25, 0.75])
    spread = third - first or float(np.std(ordered))
    gaps = ordered[-1] - ordered[-2], ordered[1] - ordered[0]
    return bool(
        spread > 0 and max(gaps) > FAR / 4 * spread and max(ordered[-1] - third, first - ordered[0]) > FAR * spread / 2
    )
