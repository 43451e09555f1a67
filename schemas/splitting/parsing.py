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
        cells = text[name].str.strip_chars().replace("", None).rename("text").to_frame()
        parsed = rules.parse(cells)
        values.append(parsed["value"].cast(dtype).alias(name))
        if parsed["rule"].null_count() < text.height:
            notes.append(_notes(parsed["rule"], name, rules))
    return pl.DataFrame(values), pl.concat(notes)


def _notes(met: pl.Series, column: str, rules: Rules) -> pl.DataFrame:
    answers = rules.answers() if rules.on_failure == "null" else []
    effect = (
        pl.when(pl.col("rule").is_in(list(rules.recoded))).then(pl.lit("recoded"))
        .when(pl.col("rule").is_in(answers)).then(pl.lit("answer"))
        .otherwise(pl.lit(rules.on_failure))
    )  # fmt: skip
    noted = met.alias("rule").to_frame().with_row_index(ROW).drop_nulls()
    return noted.select(ROW, pl.lit(column).alias("column"), "rule", effect.cast(EFFECT).alias("effect"))
