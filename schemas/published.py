"""Models of what we publish, the scores, the rejects and the runs, and the check that stands before every write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pandera.polars as pa
import polars as pl

from schemas.fields import Table
from schemas.splitting.checking import failed_cells
from schemas.splitting.results import REASON

_MOMENT = Annotated[pl.Datetime, "us", "UTC"]
_BATCH = r"^(\d{4}-\d{2}-\d{2}|training)$"
_REJECT_BATCH = r"^(\d{4}-\d{2}-\d{2}(-stopped)?|training)$"


class PublishError(ValueError):
    """A frame is not what the published table holds; the message names columns, checks and counts, never values."""


class Rejects(Table):
    """Rows that did not go on, and persons outside the cohort. Patient data."""

    table: str = pa.Field()
    file: str = pa.Field(nullable=True)
    line: int = pa.Field(nullable=True, ge=1)
    person_id: str = pa.Field(nullable=True)
    row: str = pa.Field(nullable=True)
    reasons: pl.List = pa.Field(dtype_kwargs={"inner": REASON})
    batch: str = pa.Field(str_matches=_REJECT_BATCH)
    run_id: str = pa.Field()
    outcome: str = pa.Field(isin=["rejected", "excluded"])


class Runs(Table):
    """The ledger: one row a run."""

    run_id: str = pa.Field(unique=True)
    flow: str = pa.Field(isin=["retrain", "score", "update"])
    study: str = pa.Field()
    batch: str = pa.Field(str_matches=_BATCH)
    model_version: str = pa.Field(nullable=True)
    data_hashes: str = pa.Field(nullable=True)
    git_revision: str = pa.Field(nullable=True)
    params_hash: str = pa.Field(nullable=True)
    n_people: int = pa.Field(nullable=True, ge=0)
    n_scored: int = pa.Field(nullable=True, ge=0)
    n_rejected: int = pa.Field(nullable=True, ge=0)
    n_excluded: int = pa.Field(nullable=True, ge=0)
    n_rows: int = pa.Field(nullable=True, ge=0)
    n_rows_valid: int = pa.Field(nullable=True, ge=0)
    n_rows_rejected: int = pa.Field(nullable=True, ge=0)
    promoted: bool = pa.Field(nullable=True)
    started_at: _MOMENT = pa.Field()
    finished_at: _MOMENT = pa.Field(nullable=True)
    seconds: float = pa.Field(nullable=True, in_range=(0, float("inf"), True, False))
    details: str = pa.Field(nullable=True)
    floods: str = pa.Field(nullable=True)
    withheld: str = pa.Field(nullable=True)
    scores_version: int = pa.Field(nullable=True, ge=0)
    rejects_version: int = pa.Field(nullable=True, ge=0)


class Champions(Table):
    """Every promotion; the last one is the champion."""

    model_version: str = pa.Field()
    promoted_at: _MOMENT = pa.Field()
    reason: str = pa.Field()
    replaced: str = pa.Field(nullable=True)
    gate: str = pa.Field()


class Landed(Table):
    """Rows of drops that kept the contract, as they stood there; their cells stand behind. Patient data."""

    table: str = pa.Field()
    person_id: str = pa.Field()
    file: str = pa.Field()
    line: int = pa.Field(ge=1)
    row: str = pa.Field(nullable=True)
    landed_on: pl.Date = pa.Field()
    run_id: str = pa.Field()
    columns: str = pa.Field(nullable=True)


class Landings(Table):
    """What landed when: one row a date."""

    landed_on: pl.Date = pa.Field(unique=True)
    run_id: str = pa.Field()
    n_rows: int = pa.Field(ge=0)
    n_people: int = pa.Field(ge=0)
    n_late: int = pa.Field(ge=0)
    landed_at: _MOMENT = pa.Field()


class Parts(Table):
    """The part of the study that a person was given who came after the split was made: one row a person."""

    person_id: str = pa.Field(unique=True)
    part: str = pa.Field()
    given_on: pl.Date = pa.Field()


class Watched(Table):
    """What was watched of each night: counts and figures, nobody's value."""

    score_date: pl.Date = pa.Field()
    area: str = pa.Field(isin=["tables", "inputs", "scores", "performance"])
    measure: str = pa.Field()
    name: str = pa.Field()
    part: str = pa.Field()
    n: int = pa.Field(nullable=True, ge=0)
    value: float = pa.Field(nullable=True)
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)
    usual: float = pa.Field(nullable=True)
    limit: float = pa.Field(nullable=True)
    state: str = pa.Field(isin=["fine", "beyond", "dead", "not judged"])
    words: str = pa.Field()
    model_version: str = pa.Field()
    run_id: str = pa.Field()


@dataclass(frozen=True, kw_only=True)
class ScoreColumn:
    """One column of predictions.

    Attributes:
        name: its name.
        kind: a number with a unit, a probability, a binary outcome (0 or 1), one class of ``values``, or a set of
            some of ``values``.
        unit: unit of a number.
        values: what a class or the members of a set may be.
        title: words for a reader.
    """

    name: str
    kind: Literal["number", "probability", "binary", "class", "set"]
    unit: str = ""
    values: tuple[str, ...] = ()
    title: str = ""


def scores_schema(predictions: Sequence[ScoreColumn], *, withheld: Collection[str] | None = ()) -> pa.DataFrameSchema:
    """The contract of a score table: who and when, ``predictions`` in their order, by which model and run.

    Args:
        predictions: what the model gives.
        withheld: of one night's rows, the predictions that are empty for everybody; all others are for nobody. With
            None the contract is that of all nights together, where any prediction may be empty.
    """
    columns = {
        "person_id": pa.Column(pl.String, unique=True),
        "score_date": pa.Column(pl.Date),
        **{column.name: _prediction(column, withheld) for column in predictions},
        "model_version": pa.Column(pl.String),
        "run_id": pa.Column(pl.String),
        "scored_at": pa.Column(pl.Datetime("us", "UTC")),
        "withheld": _only_empty(pl.String) if withheld == () else pa.Column(pl.String, nullable=withheld is None),
    }
    if len(columns) != len(predictions) + 6:
        raise ValueError("score columns need distinct names, other than those of the score table itself")
    return pa.DataFrameSchema(columns, strict=True, ordered=True)


def _prediction(column: ScoreColumn, withheld: Collection[str] | None) -> pa.Column:
    described: dict[str, Any] = {"title": column.title, "metadata": {"unit": column.unit}}
    if column.kind == "set":
        described["metadata"]["values"] = list(column.values)
    found = _filled(column, nullable=withheld is None, **described)
    return found if withheld is None or column.name not in withheld else _only_empty(found.dtype.type, **described)


def _only_empty(dtype: Any, **described: Any) -> pa.Column:
    return pa.Column(dtype, pa.Check(_empty, name="empty", ignore_na=False), nullable=True, **described)


def _empty(data: Any) -> Any:
    return data.lazyframe.select(pl.col(data.key).is_null())


def _filled(column: ScoreColumn, **described: Any) -> pa.Column:
    if column.kind == "number":
        return pa.Column(pl.Float64, pa.Check(_finite, name="finite"), **described)
    if column.kind == "probability":
        return pa.Column(pl.Float64, pa.Check.in_range(0, 1), **described)  # NaN fails the upper end
    if column.kind == "binary":
        return pa.Column(pl.Int8, pa.Check.isin([0, 1]), **described)
    if not column.values:
        raise ValueError(f"score column {column.name}: a {column.kind} needs the values that it may take")
    if column.kind == "class":
        return pa.Column(pl.String, pa.Check.isin(list(column.values)), **described)
    return pa.Column(pl.List(pl.String), pa.Check(_members(column.values), name="members"), **described)


def _finite(data: Any) -> Any:
    return data.lazyframe.select(pl.col(data.key).is_finite())


def _members(values: tuple[str, ...]) -> Any:
    def check(data: Any) -> Any:
        known = pl.element().is_in(list(values)).fill_null(False)
        return data.lazyframe.select(pl.col(data.key).list.eval(known).list.all())

    return check


def check_published(frame: pl.DataFrame, schema: pa.DataFrameSchema | type[pa.DataFrameModel]) -> None:
    """Make sure that ``frame`` is exactly what the published table holds, before anything is written.

    Delta casts a wrong dtype in silence and prints rows where it refuses, so names, order and dtypes are compared here.

    Raises:
        PublishError: if a column, its place, its dtype or a value is not as the schema says.
    """
    if not isinstance(schema, pa.DataFrameSchema):
        schema = schema.to_schema()
    expected = {name: column.dtype.type for name, column in schema.columns.items()}
    if list(frame.columns) != list(expected):
        missing = [name for name in expected if name not in frame.columns]
        extra = [name for name in frame.columns if name not in expected]
        what = f"missing {missing}, unexpected {extra}" if missing or extra else "in another order"
        raise PublishError(f"the columns to publish are not those of the table: {what}; build the frame by the schema")
    if wrong := [
        f"{name} is {frame[name].dtype}, not {dtype}" for name, dtype in expected.items() if frame[name].dtype != dtype
    ]:
        raise PublishError(f"dtypes to publish differ: {'; '.join(wrong)}; cast before publishing")
    failed = (
        failed_cells(frame, schema).group_by("column", "check_number", "check").len().sort("column", "check_number")
    )
    if failed.height:
        what = "; ".join(
            f"{column} fails {_check_name(schema, column, number, kind)} in {count} rows"
            for column, number, kind, count in failed.rows()
        )
        raise PublishError(f"values to publish break the table's contract: {what}; nothing was written")


def _check_name(schema: pa.DataFrameSchema, column: str | None, number: int | None, kind: str) -> str:
    # a failing check of uniqueness or nulls has no number, and a name without values
    return kind if number is None or column is None else str(schema.columns[column].checks[number].name)
