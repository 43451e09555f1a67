"""Stage: take what drops brought since the raw tables were delivered, as the last retraining left it."""

from __future__ import annotations

import shutil
from typing import Any

import polars as pl

from flows.project.paths import SUMMARY, write_json
from flows.stages.command import run_stage
from flows.study.study import Study


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's folder of what landed; where there is none, nothing did."""
    source, target = study.paths.landed, study.paths.intake
    shutil.rmtree(target, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, target)
    summary = {
        file.relative_to(target).with_suffix("").as_posix(): pl.read_parquet(file, columns=[0]).height
        for file in sorted(target.rglob("*.parquet"))
    }
    write_json(target / SUMMARY, {"n_rows": summary})
    return summary


if __name__ == "__main__":
    run_stage(run)
