"""What stages leave in a folder for others: the valid tables, and the parts of newcomers."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from schemas.contract import load_contract


def read_valid(study: str, folder: Path) -> dict[str, pl.DataFrame]:
    """The valid tables that ``validate`` left; tables that were allowed to be missing are left out."""
    names = load_contract(study).tables
    return {name: pl.read_parquet(path) for name in names if (path := folder / f"{name}.parquet").exists()}


NEWCOMERS = "newcomers.parquet"


def read_newcomers(folder: Path) -> pl.DataFrame | None:
    """The parts of the people who came after the split was made, None if there are none."""
    file = folder / NEWCOMERS
    return pl.read_parquet(file) if file.is_file() else None
