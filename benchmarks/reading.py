"""Processor time and memory of reading and validating many people's CSV tables, beside what cannot be done in less.

    dvc pull data/raw/nhanes.dvc
    python -m benchmarks.reading [--people 200000] [--repeats 3]

The limit is the sum of two parts measured in the same run: every byte read and hashed once, and Polars reading the same
text as text, with its own word on what a row is and no account of lines and broken rows. Beside it stand our reading,
which accounts for every row; our reading by the csv module alone, which is the reference; and a whole validation, to
typed rows, rejects and counts. Each measurement is a process of its own, which takes one table after the other.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import polars as pl

from benchmarks.measuring import show
from benchmarks.people import STUDY, write_people

HASHED, POLARS = "bytes read and hashed", "Polars reads the text"
OURS, REFERENCE, WHOLE = "our reading", "our reading, row by row", "our validation, reading included"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in (HASHED, POLARS, OURS, REFERENCE, WHOLE)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_people(options.people, folder)
        size = sum(path.stat().st_size for path in folder.iterdir())
        for _ in range(options.repeats):
            for what, each in found.items():
                with context.Pool(1) as pool:  # a process each: the highest memory of a process never falls
                    each.append(pool.apply(measure, (what, folder)))
    medians = {what: [statistics.median(part) for part in zip(*each, strict=True)] for what, each in found.items()}
    limit = medians[HASHED][0] + medians[POLARS][0]
    show(
        f"{options.people:,} people, {size / 1e6:,.0f} MB of CSV",
        ("what", "seconds of processor time", "MB/s", "share of the limit", "GiB at most"),
        (
            (what, f"{taken:.2f}", f"{size / 1e6 / taken:,.0f}", f"{limit / taken:.2f}", f"{memory:.2f}")
            for what, (taken, memory) in medians.items()
        ),
        note=f"medians of {options.repeats} processes each; the limit, {limit:.2f} s, is the sum of the first two",
    )


def measure(what: str, folder: Path) -> tuple[float, float]:
    """Seconds of processor time of this process, imports left out, and the highest memory in GiB, imports included."""
    from schemas.contract import load_contract
    from schemas.fields import ModelView
    from schemas.splitting.study import validate_folder  # noqa: F401 - what is set up once is not measured

    for model in load_contract(STUDY).tables.values():
        ModelView.of(model)
    work = WORK[what]
    start = time.process_time()
    work(folder)
    return time.process_time() - start, getrusage(RUSAGE_SELF).ru_maxrss / 2**20


def hash_bytes(folder: Path) -> None:
    """Read and hash every file, as a list of checksums asks for."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")


def read_by_polars(folder: Path) -> None:
    """Read every file as text."""
    for path in folder.iterdir():
        pl.read_csv(path, infer_schema=False, empty_string_is_null=False)


def read_ours(folder: Path, *, row_by_row: bool = False) -> None:
    """Read every file by its contract."""
    from schemas.contract import load_contract
    from schemas.fields import ModelView
    from schemas.reading.csv_blocks import read_rows
    from schemas.reading.csv_file import read_csv
    from schemas.reading.csv_rows import read_row_by_row

    rows = read_row_by_row if row_by_row else read_rows
    for name, model in load_contract(STUDY).tables.items():
        data = (folder / f"{name}.csv").read_bytes()
        read_csv(data, name, ModelView.of(model), table=name, stored_as=name, optional=(), rows=rows)


def read_reference(folder: Path) -> None:
    """Read every file by its contract, each row by the csv module."""
    read_ours(folder, row_by_row=True)


def validate(folder: Path) -> None:
    """Take every file to typed rows, rejects and counts."""
    from schemas.contract import load_contract
    from schemas.splitting.study import validate_folder

    validate_folder(folder, load_contract(STUDY)).summary()


WORK: dict[str, Callable[[Path], None]] = {
    HASHED: hash_bytes,
    POLARS: read_by_polars,
    OURS: read_ours,
    REFERENCE: read_reference,
    WHOLE: validate,
}


if __name__ == "__main__":
    main()
