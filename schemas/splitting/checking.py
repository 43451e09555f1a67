"""Running a model's Pandera checks eagerly, and turning what fails into notes without a value in them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.backends.polars.register import register_polars_backends
from pandera.config import ValidationDepth, get_config_context

from schemas.faults import ContractError
from schemas.fields import CHECK_RULES, READS, ModelView
from schemas.reading.keys import all_distinct
from schemas.splitting.parsing import EFFECT, NOTES, ROW

COLUMNS_A_BLOCK = 16  # Pandera checks so many at once
_OF_A_CELL = ("column", "check", "check_number", "index")
_CELLS: dict[str, Any] = {"column": pl.String, "check": pl.String, "check_number": pl.Int32, "index": pl.Int32}


@dataclass(frozen=True)
class Block:
    """Some columns of a model: their schema, and all columns that its checks read."""

    schema: pa.DataFrameSchema
    reads: tuple[str, ...]


def require_full_validation() -> None:
    """Make sure that no environment variable has switched Pandera's checks off, in whole or in part.

    Raises:
        ContractError: if one has.
    """
    config = get_config_context(validation_depth_default=None)
    full = config.validation_depth in (None, ValidationDepth.SCHEMA_AND_DATA)
    if not config.validation_enabled or not full or config.use_narwhals_backend:
        raise ContractError(
            "Pandera's checks are switched off or changed: unset PANDERA_VALIDATION_ENABLED, PANDERA_VALIDATION_DEPTH "
            "and PANDERA_USE_NARWHALS_BACKEND"
        )


def failed_cells(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Every cell that fails a check: ``column``, ``check``, ``check_number`` and ``index``, but no value.

    ``frame`` is a DataFrame: of a LazyFrame Pandera would check the dtypes alone and stay silent about the data.
    """
    if not isinstance(frame, pl.DataFrame):
        raise ContractError("only a collected frame can be checked: Pandera skips the data checks of a LazyFrame")
    require_full_validation()
    if _all_pass(frame, schema):
        return pl.DataFrame(schema=_CELLS)
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        # the error itself holds example rows: nothing of it but these columns may leave here
        return errors.failure_cases.select(_OF_A_CELL)  # type: ignore[no-any-return]
    return pl.DataFrame(schema=_CELLS)


def _all_pass(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Whether the very checks of ``schema`` say of every cell that it passes; False also where that is not clear.

    All checks are asked in one query, where Pandera asks one by one and prepares what to say of each: for a frame
    without a fault, which most are, that takes about three times as long. A range, and a set of whole numbers without
    a gap, are seen from the least and the greatest value.
    """
    register_polars_backends()  # which Pandera does when it validates first; before, its checks know no Polars
    asked, lazy, given = [], frame.lazy(), frame.schema
    for name, column in schema.columns.items():
        if name not in given or given[name] != column.dtype.type:
            return False
        cells = frame[name]
        if (not column.nullable and cells.null_count()) or (column.unique and not all_distinct(cells)):
            return False
        for check in column.checks:
            if within := _interval(check, cells.dtype):
                if not _is_within(cells, *within):
                    return False
                continue
            if check.element_wise:
                return False
            try:
                passed = _function(check)(PolarsData(lazy, name), **check._check_kwargs)
            except Exception:  # Pandera says which check it is
                return False
            if not isinstance(passed, pl.LazyFrame):
                return False
            asked.append(passed.select(pl.all().fill_null(check.ignore_na).all()))
    try:
        return all(all(row) for found in pl.collect_all(asked) for row in found.rows())
    except pl.exceptions.PolarsError:
        return False


def _interval(check: pa.Check, dtype: pl.DataType) -> tuple[float, float] | None:
    """The numbers that pass a check of Pandera's own, both ends included, where they are an interval."""
    given = check.statistics or {}
    of_pandera = getattr(check._check_fn, "__name__", None) == check.name
    if not (check.ignore_na and of_pandera and dtype.is_numeric()):
        return None
    if check.name == "in_range" and given.get("include_min") and given.get("include_max"):
        return given["min_value"], given["max_value"]
    if check.name == "isin" and dtype.is_integer():
        allowed = given.get("allowed_values", ())
        if allowed and all(type(value) is int for value in allowed):
            low, high = min(allowed), max(allowed)
            return (low, high) if len(set(allowed)) == high - low + 1 else None
    return None


def _is_within(cells: pl.Series, low: float, high: float) -> bool:
    """Whether all numbers but null are; NaN is not."""
    least, greatest = cells.min(), (cells.nan_max() if cells.dtype.is_float() else cells.max())
    return least is None or bool(least >= low and greatest <= high)  # type: ignore[operator]


def _function(check: pa.Check) -> Callable[..., Any]:
    """What a check asks. A model's copy of one of Pandera's own may have been made before Pandera knew of Polars."""
    function: Callable[..., Any] = check._check_fn
    name = getattr(function, "__name__", None)
    return pa.Check.get_builtin_check_fn(name) if name in pa.Check.CHECK_FUNCTION_REGISTRY else function


@functools.cache
def blocks(model: type[pa.DataFrameModel], *, across: bool = False) -> tuple[Block, ...]:
    """The model's columns a few at a time: Pandera's work on a column grows with the columns that lie beside it.

    Args:
        model: the model.
        across: whether to leave out the columns whose checks read no other column.
    """
    view, schema = ModelView.of(model), model.to_schema()
    found = []
    names = [
        name for name in view.rules if not across or any(test.name not in CHECK_RULES for test in view.checks[name])
    ]
    for start in range(0, len(names), COLUMNS_A_BLOCK):
        part = names[start : start + COLUMNS_A_BLOCK]
        reads = dict.fromkeys(part)
        for test in (test for name in part for test in view.checks[name] if test.name not in CHECK_RULES):
            reads |= dict.fromkeys((test.statistics or {}).get(READS, names))
        found.append(Block(pa.DataFrameSchema({name: schema.columns[name] for name in part}), tuple(reads)))
    return tuple(found)


def check(frame: pl.DataFrame, model: type[pa.DataFrameModel], *, across: bool = False) -> pl.DataFrame:
    """Notes on every cell of ``frame`` that fails a check of ``model``.

    Args:
        frame: typed columns.
        model: the model.
        across: whether to look only at the columns that have a check which reads other columns too.

    Raises:
        ContractError: if the frame has not the model's columns and dtypes, or a check itself fails to run.
    """
    view = ModelView.of(model)
    if frame.columns != list(view.dtypes):
        raise ContractError(f"{view.name}: a frame with other columns than the model's cannot be checked")
    parts = [failed_cells(frame.select(block.reads), block.schema) for block in blocks(model, across=across)]
    if not parts:
        return pl.DataFrame(schema=NOTES)
    cells = pl.concat(parts)
    if stray := sorted(set(cells.filter(pl.col("index").is_null())["column"].drop_nulls())):
        raise ContractError(
            f"{view.name}: wrong dtype, wrong column or a check that does not run, at {', '.join(stray)}"
        )
    notes = [pl.DataFrame(schema=NOTES)]
    if cells.is_empty():
        return notes[0]
    for (column, kind, number), part in cells.group_by("column", "check", "check_number", maintain_order=True):
        name = kind if number is None else view.checks[str(column)][int(str(number))].name
        notes.append(
            part.select(
                pl.col("index").cast(pl.UInt32).alias(ROW),
                pl.lit(column).alias("column"),
                pl.lit(CHECK_RULES.get(str(name), str(name))).alias("rule"),
                pl.lit(view.rules[str(column)].on_failure).cast(EFFECT).alias("effect"),
            )
        )
    return pl.concat(notes)
