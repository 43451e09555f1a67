"""The valid tables that validation leaves in a folder."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from schemas.contract import load_contract


def read_valid(study: str, folder: Path) -> dict[str, pl.DataFrame]:
    """The valid tables that ``validate`` left; tables that were allowed to be missing are left out."""
    names = load_contract(study).tables
    return {name: pl.read_parquet(path) for name in names if (path := folder / f"{name}.parquet").exists()}
