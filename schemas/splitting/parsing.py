"""From text to typed values by a model's rules, with a note for every cell that did not simply say what it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.fields import SAS_ZERO, Kind, ModelView, Rules
from schemas.reading.keys import as_declared

ROW = "row number"
# A note: the cell of a row and column, the rule that it met, and what was done about it.
# recoded: read as the number that the code stands for, or a key 1.0 as 1. answer: a declared non-answer, now null.
# null: emptied for breaking a rule. reject: the row goes to the rejects.
EFFECT = pl.Enum(["recoded", "answer", "null", "reject"])
NOTES: dict[str, Any] = {ROW: pl.UInt32, "column": pl.String, "rule": pl.String, "effect": EFFECT}
_LARGEST = 2.0**53  # beyond it a float no longer tells whole numbers apart


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
        parsed = _PARSERS[rules.kind](cells, rules, dtype)
        values.append(parsed["value"].cast(dtype).alias(name))
        if parsed["rule"].null_count() < text.height:
            notes.append(_notes(parsed["rule"], name, rules))
    return pl.DataFrame(values), pl.concat(notes)


def _mapped(key: str, mapping: Mapping[Any, Any], dtype: Any) -> pl.Expr:
    if not mapping:
        return pl.lit(None, dtype)
    return pl.col(key).replace_strict(list(mapping), list(mapping.values()), default=None, return_dtype=dtype)


def _special(rules: Rules, code: type | tuple[type, ...], meaning: type | tuple[type, ...]) -> dict[Any, Any]:
    """Special answers that are written as ``code`` (text or number) and mean a rule (text) or a number."""
    return {k: v for k, v in rules.special.items() if isinstance(k, code) and isinstance(v, meaning)}


def _person_key(column: pl.DataFrame, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    fits = pl.col("key").str.contains(rules.pattern)
    return column.with_columns(key=as_declared("text", rules.pattern)).select(
        value=pl.when(fits).then(pl.col("key")),
        rule=pl.when(~fits)
        .then(pl.lit("malformed_key"))
        .when(pl.col("key") != pl.col("text"))
        .then(pl.lit("decimal_key")),
    )


def _category(column: pl.DataFrame, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    # a code such as 11 reads 11.0 where the column was stored as a float
    key = pl.col("text").str.replace(r"^(\d+)\.0+$", "$1")
    return (
        column.select(key=key)
        .with_columns(value=_mapped("key", rules.labels, dtype), answer=_mapped("key", rules.special, pl.String))
        .select("value", rule=_first_rule("key", "undeclared_code"))
    )


def _flag(column: pl.DataFrame, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    ticked = _category(column, rules, pl.String())
    return ticked.with_columns(pl.col("value").cast(pl.Int8))


def _time_of_day(column: pl.DataFrame, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    # b'23:30' is how bytes print in Python; b'' is a blank
    bare = pl.col("text").str.replace(r"^b'(.*)'$", "$1").replace("", None)
    clock = pl.col("bare").str.extract_groups(r"^(?<hours>[01]?\d|2[0-3]):(?<minutes>[0-5]\d)(?::00)?$").struct
    minutes = clock.field("hours").cast(pl.Int64) * 60 + clock.field("minutes").cast(pl.Int64)
    return (
        column.select(bare=bare)
        .with_columns(value=minutes, answer=_mapped("bare", rules.special, pl.String))
        .select("value", rule=_first_rule("bare", "not_a_time"))
    )


def _first_rule(text: str, fault: str) -> pl.Expr:
    unread = pl.col(text).is_not_null() & pl.col("value").is_null()
    return pl.coalesce("answer", pl.when(unread).then(pl.lit(fault)))


def _number(column: pl.DataFrame, rules: Rules, dtype: pl.DataType) -> pl.DataFrame:
    figures = (int, float)
    text, read, number = pl.col("text"), pl.col("read"), pl.col("number")
    worded = _special(rules, str, figures)
    column = column.with_columns(
        read=pl.coalesce(
            _mapped("text", worded, pl.Float64),
            _mapped("text", {label: float(code) for label, code in rules.labels.items()}, pl.Float64),
            text.cast(pl.Float64, strict=False),
        ),
        worded=text.is_in(list(worded)),
    )
    column = column.with_columns(sas_zero=(read / SAS_ZERO).is_between(0.999, 1.001))
    column = column.with_columns(number=pl.when("sas_zero").then(0.0).otherwise(read))
    decimals = 0 if rules.kind in ("integer", "binary") else rules.decimals
    rounded = number if decimals is None else number.round(decimals)
    column = column.with_columns(fits=(number - rounded).abs() <= 1e-6)
    column = column.with_columns(number=pl.when("fits").then(rounded).otherwise(number) + 0.0)  # no minus zero
    column = column.with_columns(
        answer=pl.coalesce(
            _mapped("text", _special(rules, str, str), pl.String),
            _mapped("number", _special(rules, figures, str), pl.String),
        ),
        bound=_mapped("number", _special(rules, figures, figures), pl.Float64),
        fault=pl.coalesce(pl.when(broken).then(pl.lit(rule)) for rule, broken in _number_faults(rules).items()),
    )
    recoded = pl.coalesce(
        pl.when(pl.col("bound").is_not_null() | pl.col("worded")).then(pl.lit("coded_bound")),
        pl.when("sas_zero").then(pl.lit("sas_zero")),
    )
    return column.select(
        value=pl.when(pl.col("answer").is_null() & pl.col("fault").is_null()).then(pl.coalesce("bound", "number")),
        rule=pl.coalesce("answer", "fault", recoded),
    )


def _number_faults(rules: Rules) -> dict[str, pl.Expr]:
    read, number = pl.col("read"), pl.col("number")
    faults = {"not_a_number": pl.col("text").is_not_null() & (read.is_null() | ~read.is_finite())}
    if not rules.sas_zero:
        faults["undeclared_sas_zero"] = pl.col("sas_zero")
    if rules.kind == "binary":
        faults["undeclared_code"] = ~number.is_in([0.0, 1.0])
    elif rules.kind == "integer":
        faults["not_an_integer"] = ~pl.col("fits")
        faults["out_of_range"] = number.abs() > _LARGEST
    return faults


_PARSERS: dict[Kind, Callable[[pl.DataFrame, Rules, pl.DataType], pl.DataFrame]] = {
    "person_key": _person_key,
    "category": _category,
    "flag": _flag,
    "time_of_day": _time_of_day,
    "number": _number,
    "integer": _number,
    "binary": _number,
}


def _notes(met: pl.Series, column: str, rules: Rules) -> pl.DataFrame:
    answers = list(_special(rules, (str, int, float), str).values()) if rules.on_failure == "null" else []
    effect = (
        pl.when(pl.col("rule").is_in(["coded_bound", "sas_zero", "decimal_key"])).then(pl.lit("recoded"))
        .when(pl.col("rule").is_in(answers)).then(pl.lit("answer"))
        .otherwise(pl.lit(rules.on_failure))
    )  # fmt: skip
    noted = met.alias("rule").to_frame().with_row_index(ROW).drop_nulls()
    return noted.select(ROW, pl.lit(column).alias("column"), "rule", effect.cast(EFFECT).alias("effect"))
