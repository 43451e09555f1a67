"""What is published is exactly what its model says, or nothing is written and no value is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import Contract
from schemas.published import PublishError, Rejects, Runs, ScoreColumn, check_published, scores_schema
from schemas.splitting.study import validate_folder

MOMENT = pl.Datetime("us", "UTC")
SCHEMA = scores_schema(
    [
        ScoreColumn(name="tc", kind="number", unit="mg/dL"),
        ScoreColumn(name="diabetes", kind="class", values=("no", "yes")),
        ScoreColumn(name="diabetes__p", kind="probability"),
        ScoreColumn(name="chronic", kind="set", values=("asthma", "stroke")),
    ]
)


def scores() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": ["secret1", "secret2"],
            "score_date": [date(2026, 11, 20)] * 2,
            "tc": [180.0, 200.0],
            "diabetes": ["no", "yes"],
            "diabetes__p": [0.0, 1.0],
            "chronic": [["asthma", "stroke"], []],
            "model_version": ["m"] * 2,
            "run_id": ["r"] * 2,
            "scored_at": pl.Series([datetime(2026, 11, 20, tzinfo=UTC)] * 2, dtype=MOMENT),
            "withheld": pl.Series([None, None], dtype=pl.String),
        }
    )


def refused(frame: pl.DataFrame) -> str:
    with pytest.raises(PublishError) as caught:
        check_published(frame, SCHEMA)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None, "the error of Pandera behind it would show rows"
    return str(caught.value)


def test_a_frame_by_the_schema_is_published() -> None:
    check_published(scores(), SCHEMA)
    check_published(scores().clear(), SCHEMA)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pl.col("tc").cast(pl.Float32), "tc is Float32, not Float64"),
        (pl.col("scored_at").dt.cast_time_unit("ns"), "scored_at is Datetime"),
        (pl.col("scored_at").dt.replace_time_zone(None), "scored_at is Datetime"),
        (pl.lit(1).alias("person_id"), "person_id is Int32, not String"),
        (pl.lit(float("nan")).alias("tc"), "tc fails finite in 2 rows"),
        (pl.lit(float("inf")).alias("tc"), "tc fails finite in 2 rows"),
        (pl.lit(None, pl.Float64).alias("tc"), "tc fails not_nullable in 2 rows"),
        (pl.lit(float("nan")).alias("diabetes__p"), "diabetes__p fails in_range in 2 rows"),
        (pl.lit(1.0001).alias("diabetes__p"), "diabetes__p fails in_range in 2 rows"),
        (pl.lit("secret").alias("diabetes"), "diabetes fails isin in 2 rows"),
        (pl.concat_list(pl.lit("secret")).alias("chronic"), "chronic fails members in 2 rows"),
        (pl.concat_list(pl.lit(None, pl.String)).alias("chronic"), "chronic fails members in 2 rows"),
        (pl.lit("2026-11-20").alias("score_date"), "score_date is String, not Date"),
        (pl.lit("secret").alias("person_id"), "person_id fails field_uniqueness in 2 rows"),
        (pl.lit(1).alias("extra"), "unexpected ['extra']"),
    ],
)
def test_what_breaks_the_schema_is_refused_before_the_write(change: pl.Expr, words: str) -> None:
    assert words in refused(scores().with_columns(change))


def test_order_and_presence_of_columns_are_part_of_the_schema() -> None:
    assert "in another order" in refused(scores().select(pl.all().reverse()).select(sorted(scores().columns)))
    assert "missing ['tc']" in refused(scores().drop("tc"))


def test_score_columns_are_checked_when_declared() -> None:
    with pytest.raises(ValueError, match="distinct names"):
        scores_schema([ScoreColumn(name="run_id", kind="number")])
    with pytest.raises(ValueError, match="needs the values"):
        scores_schema([ScoreColumn(name="g", kind="class")])


def test_rejects_of_a_validation_can_be_published(write: Callable[..., Path], mini: Contract) -> None:
    folder = write(DEMO=[{"SEQN": "90001"}, {"SEQN": "", "RIDAGEYR": "x"}], DIQ=[{"SEQN": "90009"}])
    rejects = validate_folder(folder, mini).rejects.with_columns(
        batch=pl.lit("2026-11-20"), run_id=pl.lit("r"), outcome=pl.lit("rejected")
    )
    assert rejects.height == 2
    check_published(rejects, Rejects)
    with pytest.raises(PublishError, match="outcome fails isin in 2 rows"):
        check_published(rejects.with_columns(outcome=pl.lit("lost")), Rejects)


def test_runs_take_what_does_not_apply_as_null() -> None:
    dtypes = {name: column.dtype.type for name, column in Runs.to_schema().columns.items()}
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    run = {"run_id": "r", "flow": "retrain", "study": "heart", "batch": "training", "started_at": moment}
    check_published(pl.DataFrame([run], schema=dtypes), Runs)
    with pytest.raises(PublishError, match="flow fails isin"):
        check_published(pl.DataFrame([{**run, "flow": "x"}], schema=dtypes), Runs)
    with pytest.raises(PublishError, match="n_scored fails greater_than_or_equal_to"):
        check_published(pl.DataFrame([{**run, "n_scored": -1}], schema=dtypes), Runs)
