"""Stage: split the raw tables into rows that keep the contract and rejects with every reason."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import polars as pl

from flows.paths import replace_file, write_json
from flows.stages.command import Stage, run_stage
from schemas.contract import load_contract
from schemas.validation import validate_folder

REJECTS = "rejects.parquet"
SUMMARY = "summary.json"


def validate(
    study: str, source: Path, target: Path, *, max_reject_share: float, labels: Collection[str] = ()
) -> dict[str, Any]:
    """Write ``<TABLE>.parquet`` for every table, ``rejects.parquet`` and ``summary.json`` into ``target``.

    Args:
        study: whose contract holds.
        source: folder of raw tables.
        target: folder that is replaced.
        max_reject_share: a table with a larger share of rejects fails the run.
        labels: patterns of columns that need not be there, such as outcomes when people are scored.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    contract = load_contract(study)
    result = validate_folder(source, contract, optional_columns=labels, max_reject_share=max_reject_share)
    shutil.rmtree(target, ignore_errors=True)
    for name, table in result.tables.items():
        replace_file(target / f"{name}.parquet", table.valid.write_parquet)
    replace_file(target / REJECTS, result.rejects.write_parquet)
    summary = result.summary()
    write_json(target / SUMMARY, summary)
    return summary


def read_valid(study: str, folder: Path) -> dict[str, pl.DataFrame]:
    """The valid tables that ``validate`` left; tables that were allowed to be missing are left out."""
    names = load_contract(study).tables
    return {name: pl.read_parquet(path) for name in names if (path := folder / f"{name}.parquet").exists()}


def run(stage: Stage) -> dict[str, Any]:
    """The stage on the study's raw folder."""
    share = stage.settings.validation.max_reject_share
    return validate(stage.paths.study, stage.paths.raw, stage.paths.valid, max_reject_share=share)


if __name__ == "__main__":
    run_stage(run)
