"""A drop of any number of NHANES-like people: the sample's rows, drawn again and again under fresh person keys.

    dvc pull data/raw/nhanes.dvc
    python -m benchmarks.people N FOLDER [--form csv|parquet] [--shuffle]

Every table keeps its columns, its cells as they are written, and its share of the people; a person keeps all rows of
the person that it was drawn from. The same number gives the same bytes. Keys have eight digits; rows lie in their
order, or with `--shuffle` in an order of each table's own.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.measuring import require, study_inputs
from schemas.contract import load_contract
from schemas.reading.folder import find_table
from schemas.reading.source import read_table

STUDY = "nhanes"
STEP = 250_000  # people that are written together, so that memory does not grow with their number
KEY_WIDTH = 8
Form = Literal["csv", "parquet"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--form", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--shuffle", action="store_true")
    options = parser.parse_args()
    write_people(options.people, options.folder, form=options.form, shuffle=options.shuffle)


def write_people(n_people: int, folder: Path, *, form: Form = "csv", shuffle: bool = False) -> None:
    """Write all tables of so many people into ``folder``."""
    raw = study_inputs(STUDY)[0].raw
    require([raw], f"dvc pull data/raw/{STUDY}.dvc")
    contract = load_contract(STUDY)
    folder.mkdir(parents=True, exist_ok=True)
    sources = {name: find_table(raw, name) for name in contract.tables}
    tables = {
        name: read_table(path, contract.tables[name]).as_text
        if form == "csv" or path.suffix == ".csv"
        else pl.read_parquet(path)
        for name, path in sources.items()
        if path is not None
    }
    key = contract.person_key
    keys = {name: _keys(frame[key]) for name, frame in tables.items()}
    drawn = np.random.default_rng(0).integers(0, len(keys[contract.person_table]), n_people)
    for name, frame in tables.items():
        row_of = {each: row for row, each in enumerate(keys[name])}
        rows = np.array([row_of.get(each, -1) for each in keys[contract.person_table]])[drawn]
        people = np.flatnonzero(rows >= 0)
        if shuffle:
            people = np.random.default_rng(zlib.crc32(name.encode())).permutation(people)
        with (folder / f"{name}.{form}").open("wb") as file:
            _write(frame, key, rows, people, file, form)


def _keys(keys: pl.Series) -> list[int]:
    return keys.cast(pl.Float64).cast(pl.Int64).to_list()


def _write(
    frame: pl.DataFrame, key: str, rows: npt.NDArray[np.int64], people: npt.NDArray[np.int64], file: Any, form: Form
) -> None:
    """Write the rows of ``people``, each under its number as key."""
    parts = (people[start : start + STEP] for start in range(0, max(len(people), 1), STEP))
    drawn = (
        frame[rows[part]].with_columns(pl.Series(key, part).cast(pl.String).str.zfill(KEY_WIDTH).alias(key))
        for part in parts
    )
    if form == "parquet":
        pl.concat(drawn).write_parquet(file, row_group_size=STEP)
        return
    for place, part in enumerate(drawn):
        part.with_columns(pl.all().replace("", None)).write_csv(file, include_header=place == 0)


if __name__ == "__main__":
    main()
