"""From text to typed values by a model's rules, with a note for every cell that did not simply say what it holds."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandera.polars as pa
import polars as pl

from schemas.fields import ModelView, Rules
from schemas.reading.repeating import Coded, coded_columns
from schemas.reading.stored import as_text

ROW = "row number"
# A note: the cell of a row and column, the rule that it met, and what was done about it.
# recoded: read as the number that the code stands for, or a key 1.0 as 1. answer: a declared non-answer, now null.
# null: emptied for breaking a rule. reject: the row goes to the rejects.
EFFECT = pl.Enum(["recoded", "answer", "null", "reject"])
NOTES: dict[str, Any] = {ROW: pl.UInt32, "column": pl.String, "rule": pl.String, "effect": EFFECT}

Read = tuple[pl.Series, list[tuple[pl.Series, str]]]
Words = dict[str | None, tuple[Any, str | None]]

SEEN = 4096  # cells by which it is told whether texts repeat; fewer are always read one by one
MEAN_REPEATS = 4  # how often each text must occur for reading it once to be quicker


def parse(text: pl.DataFrame, model: type[pa.DataFrameModel]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Typed columns of ``model`` in its order, and the notes; columns that ``text`` lacks are null."""
    view = ModelView.of(model)
    values: list[pl.Series] = []
    notes = [pl.DataFrame(schema=NOTES)]
    given, coded = set(text.columns), coded_columns(text)
    for name, dtype in view.dtypes.items():
        if name not in given:
            values.append(pl.repeat(None, text.height, dtype=dtype, eager=True).alias(name))
            continue
        rules = view.rules[name]
        # a column at a time, apart from the others and step by step: one expression for all, or one in a frame of
        # thousands of columns, would be planned for longer than it runs
        if name in coded:
            column, met = _by_codes(coded[name], rules, dtype, _known_words(model, name))
        else:
            column, met = _parsed(text[name], rules, dtype)
        values.append(column.alias(name))
        notes += [_notes(rows, rule, name, rules) for rows, rule in met]
    return pl.DataFrame(values), pl.concat(notes)


def _parsed(cells: pl.Series, rules: Rules, dtype: pl.DataType) -> Read:
    """What ``rules`` make of a column: its values, and the rules that cells met, each with the rows."""
    plain = rules.plain(cells)
    if plain is None or 2 * len(plain.rest) > len(cells):
        parsed = _by_words(as_text(cells), rules, dtype)
        return parsed["value"], _met(pl.int_range(len(cells), dtype=pl.UInt32, eager=True), parsed["rule"])
    values = plain.values.cast(dtype)
    met = [(pl.Series(rows, dtype=pl.UInt32), rule) for rows, rule in plain.noted]
    if len(plain.rest):
        parsed = _by_words(as_text(cells.gather(plain.rest)), rules, dtype)
        values = values.scatter(plain.rest, parsed["value"])
        met += _met(pl.Series(plain.rest, dtype=pl.UInt32), parsed["rule"])
    return values, met


def _by_codes(column: Coded, rules: Rules, dtype: pl.DataType, known: Words) -> Read:
    """The same of codes of texts: each text is read once, and not again where it was read before."""
    codes, texts = column.codes, column.texts
    there = np.flatnonzero(np.bincount(codes, minlength=len(texts))).tolist()
    new = [texts[code] for code in there if texts[code] not in known]
    if new:
        parsed = _read(pl.Series(new, dtype=pl.String), rules, dtype)
        known.update(zip(new, zip(parsed["value"], parsed["rule"], strict=True), strict=True))
    values: list[Any] = [None] * len(texts)
    by_rule: dict[str, list[int]] = {}
    for code in there:
        values[code], rule = known[texts[code]]
        if rule is not None:
            by_rule.setdefault(rule, []).append(code)
    met = []
    for rule, those in by_rule.items():
        meets = np.zeros(len(texts), bool)
        meets[those] = True
        met.append((pl.Series(np.flatnonzero(meets[codes]), dtype=pl.UInt32), rule))
    return pl.Series(values, dtype=dtype)[codes], met


@functools.lru_cache(maxsize=10_000)
def _known_words(model: type[pa.DataFrameModel], column: str) -> Words:
    """What the texts of a column were read as, value and rule; it fills as they are read."""
    return Words()


def _met(rows: pl.Series, rules: pl.Series) -> list[tuple[pl.Series, str]]:
    """The rows by the rule that each met, those that met none aside."""
    known = rules.drop_nulls().unique(maintain_order=True)
    return [(rows.filter(rules == rule), rule) for rule in known]


def _by_words(text: pl.Series, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    """Each distinct text read once where texts repeat, else cell by cell."""
    if _repeats(text):
        cells = text.fill_null("")  # which is as blank as null
        words = cells.unique(maintain_order=True)
        if words.len() * MEAN_REPEATS <= text.len():
            return _read(words, rules, dtype)[cells.cast(pl.Enum(words)).to_physical()]
    return _read(text, rules, dtype)


def _repeats(text: pl.Series) -> bool:
    """Whether a column is long, and its texts seem to repeat, by cells from all over it."""
    step = text.len() // SEEN
    return step > 0 and text.gather_every(step).n_unique() * 2 < SEEN


def _read(text: pl.Series, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    parsed = rules.parse(text.str.strip_chars().replace("", None).rename("text").to_frame())
    return parsed.with_columns(pl.col("value").cast(dtype))


def _notes(rows: pl.Series, rule: str, column: str, rules: Rules) -> pl.DataFrame:
    """Notes on the cells of a column that met a rule."""
    if rule in rules.recoded:
        effect = "recoded"
    elif rule in rules.answers() and rules.on_failure == "null":
        effect = "answer"
    else:
        effect = rules.on_failure
    words = pl.lit(column).alias("column"), pl.lit(rule).alias("rule"), pl.lit(effect).cast(EFFECT).alias("effect")
    return rows.alias(ROW).to_frame().select(ROW, *words)
