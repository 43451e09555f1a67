"""From text to typed values by a model's rules, with a note for every cell that did not simply say what it holds."""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.fields import ModelView, Rules

ROW = "row number"
# A note: the cell of a row and column, the rule that it met, and what was done about it.
# recoded: read as the number that the code stands for, or a key 1.0 as 1. answer: a declared non-answer, now null.
# null: emptied for breaking a rule. reject: the row goes to the rejects.
EFFECT = pl.Enum(["recoded", "answer", "null", "reject"])
NOTES: dict[str, Any] = {ROW: pl.UInt32, "column": pl.String, "rule": pl.String, "effect": EFFECT}

SEEN = 4096  # cells by which it is told whether texts repeat; fewer are always read one by one
MEAN_REPEATS = 4  # how often each text must occur for reading it once to be quicker


def parse(text: pl.DataFrame, model: type[pa.DataFrameModel]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Typed columns of ``model`` in its order, and the notes; columns that ``text`` lacks are null."""
    view = ModelView.of(model)
    values: list[pl.Series] = []
    notes = [pl.DataFrame(schema=NOTES)]
    given = set(text.columns)
    for name, dtype in view.dtypes.items():
        if name not in given:
            values.append(pl.repeat(None, text.height, dtype=dtype, eager=True).alias(name))
            continue
        rules = view.rules[name]
        # a column at a time, apart from the others and step by step: one expression for all, or one in a frame of
        # thousands of columns, would be planned for longer than it runs
        parsed = _parsed(text[name], rules, dtype)
        values.append(parsed["value"].alias(name))
        if parsed["rule"].null_count() < text.height:
            notes.append(_notes(parsed["rule"], name, rules))
    return pl.DataFrame(values), pl.concat(notes)


def _parsed(text: pl.Series, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    """What ``rules`` make of a column: each distinct text read once where texts repeat, else cell by cell."""
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


def _notes(met: pl.Series, column: str, rules: Rules) -> pl.DataFrame:
    answers = rules.answers() if rules.on_failure == "null" else []
    effect = (
        pl.when(pl.col("rule").is_in(list(rules.recoded))).then(pl.lit("recoded"))
        .when(pl.col("rule").is_in(answers)).then(pl.lit("answer"))
        .otherwise(pl.lit(rules.on_failure))
    )  # fmt: skip
    noted = met.alias("rule").to_frame().with_row_index(ROW).drop_nulls()
    return noted.select(ROW, pl.lit(column).alias("column"), "rule", effect.cast(EFFECT).alias("effect"))
