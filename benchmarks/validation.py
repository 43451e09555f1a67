"""Rows validated a second and peak memory: our split with every reason, beside Pandera alone.

    dvc pull data/raw/nhanes.dvc
    python -m benchmarks.validation [--table DBQ] [--rows 900000] [--repeats 3]
    python -m benchmarks.validation --wide [--repeats 3]

A real table is repeated with new person keys, clean and with one cell in twenty damaged. Ours goes from text to typed
rows, rejects and counts. The limit is `Model.validate(lazy=True)` on frames that are typed already: it parses nothing,
keeps no reason by row and splits nothing. Every measurement is a process of its own.

With `--wide` tables of 500 to 4,000 made-up columns, one cell in twenty out of range, go from a CSV file to rows and
reasons: the time a column should not grow with their number.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.measuring import require, show, study_inputs

STUDY = "nhanes"
KEY = "SEQN"
FIRST_KEY = 100_000  # keys of five or six digits keep the contract
DAMAGE = "-7"  # no column of these tables takes it
SHARE = 0.05
WIDTHS, WIDE_ROWS = (500, 1000, 2000, 4000), 200
OURS, PARSING, PANDERA = "our split, text to rows and reasons", "our parsing alone", "Pandera alone, typed frame"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", default="DBQ")
    parser.add_argument("--rows", type=int, default=900_000, help="at most 900000, so that keys keep six digits")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--wide", action="store_true", help="measure by the number of columns")
    options = parser.parse_args()
    if options.wide:
        return show_wide(options.repeats)
    paths, _ = study_inputs(STUDY)
    require([paths.raw], "dvc pull data/raw/nhanes.dvc")
    context = multiprocessing.get_context("spawn")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, share in (("clean", 0.0), (f"{SHARE:.0%} of cells damaged", SHARE)):
            path = Path(folder) / "text.parquet"
            with context.Pool(1) as pool:
                n_columns = pool.apply(write_table, (paths.raw, options.table, options.rows, share, path))
            found: dict[str, list[tuple[float, float]]] = {OURS: [], PARSING: [], PANDERA: []}
            for _ in range(options.repeats):
                for what, each in found.items():
                    with context.Pool(1) as pool:  # a process each: the highest memory of a process never falls
                        each.append(pool.apply(measure, (what, options.table, path)))
            ours = statistics.median(seconds for seconds, _ in found[OURS])
            for what, each in found.items():
                seconds, memory = (statistics.median(values) for values in zip(*each, strict=True))
                rate = f"{options.rows / seconds:,.0f}"
                rows.append((what, kind, f"{seconds:.2f}", rate, f"{ours / seconds:.2f}", f"{memory:.2f}"))
    show(
        f"{options.table} of {STUDY}: {options.rows:,} rows, {n_columns} columns",
        ("what", "table", "seconds", "rows/s", "speed against ours", "GiB above the input"),
        rows,
        note=f"medians of {options.repeats} processes each, all cores",
    )


def show_wide(repeats: int) -> None:
    """Seconds a column at several widths, against the narrowest."""
    context = multiprocessing.get_context("spawn")
    seconds = {}
    for n_columns in WIDTHS:
        with context.Pool(1, maxtasksperchild=1) as pool:
            each = [pool.apply(measure_wide, (n_columns,)) for _ in range(repeats)]
        seconds[n_columns] = statistics.median(each)
    first = seconds[WIDTHS[0]] / WIDTHS[0]
    show(
        f"{WIDE_ROWS} rows, {SHARE:.0%} of cells out of range",
        ("columns", "seconds", "ms a column", "against the first"),
        [(f"{n:,}", f"{each:.1f}", f"{each / n * 1000:.2f}", f"{each / n / first:.2f}") for n, each in seconds.items()],
        note=f"medians of {repeats} processes each, all cores",
    )


def measure_wide(n_columns: int) -> float:
    """Seconds from a CSV file of so many columns to rows and reasons."""
    from schemas.contract import Contract
    from schemas.fields import Table, integer, person_key
    from schemas.splitting.study import validate_folder

    names = [f"c{place}" for place in range(n_columns)]
    fields = {"key": person_key("Key"), **{name: integer(name, low=0, high=100) for name in names}}
    types = {"key": str} | dict.fromkeys(names, int)
    model = type("Wide", (Table,), {"__annotations__": types, "__module__": __name__, "__doc__": "Made up."} | fields)
    contract = Contract(study="wide", tables={"wide": model}, person_table="wide", person_key="key")
    values = np.random.default_rng(0).integers(0, 101, (WIDE_ROWS, n_columns))
    values[np.random.default_rng(1).random(values.shape) < SHARE] = -1
    frame = pl.DataFrame(values, schema=names).insert_column(0, pl.int_range(WIDE_ROWS, eager=True).alias("key"))
    with tempfile.TemporaryDirectory() as folder:
        frame.write_csv(Path(folder) / "wide.csv")
        start = time.perf_counter()
        result = validate_folder(Path(folder), contract)
        seconds = time.perf_counter() - start
    assert result.tables["wide"].n_valid == WIDE_ROWS
    return seconds


def write_table(raw: Path, table: str, n_rows: int, share: float, path: Path) -> int:
    """Write the repeated table as text, a share of its cells damaged; gives its number of columns."""
    from schemas.contract import load_contract
    from schemas.reading.folder import find_table
    from schemas.reading.source import read_table
    from schemas.splitting.parsing import parse

    source = find_table(raw, table)
    assert source is not None, f"{table} is no table of {STUDY}"
    text = read_table(source, load_contract(STUDY).tables[table]).as_text
    generator = np.random.default_rng(0)
    keys = pl.int_range(FIRST_KEY, FIRST_KEY + n_rows, eager=True).cast(pl.String).alias(KEY)
    frame = pl.concat([text] * -(-n_rows // text.height)).head(n_rows).with_columns(keys)
    for name in frame.columns if share else []:
        damaged = pl.Series(generator.random(n_rows) < share)
        frame = frame.with_columns(pl.when(damaged).then(pl.lit(DAMAGE)).otherwise(pl.col(name)).alias(name))
    frame.write_parquet(path)
    parse(frame, load_contract(STUDY).tables[table])[0].write_parquet(typed_path(path))
    return frame.width


def typed_path(path: Path) -> Path:
    """Where the same table lies with its cells parsed, for what takes typed frames."""
    return path.with_name("typed.parquet")


def measure(what: str, table: str, path: Path) -> tuple[float, float]:
    """Seconds, and the highest memory in GiB beyond what the process held with its input loaded."""
    from schemas.contract import load_contract
    from schemas.reading.text_table import TextTable
    from schemas.splitting.checked import check_table
    from schemas.splitting.checking import failed_cells
    from schemas.splitting.parsing import parse
    from schemas.splitting.table import Persons, split_table

    model = load_contract(STUDY).tables[table]
    frame = pl.read_parquet(typed_path(path) if what == PANDERA else path)
    numbers = pl.int_range(2, frame.height + 2, eager=True).alias("line")
    text = TextTable(table, path.name, frame, numbers, tuple(frame.columns))
    persons = Persons(frame[KEY].filter(frame[KEY] != DAMAGE), pl.Series(KEY, [], dtype=pl.String))
    warm_up = frame.head(100)  # what is set up once is not measured
    failed_cells(warm_up if what == PANDERA else parse(warm_up, model)[0], model.to_schema())
    held = reset_peak()
    start = time.perf_counter()
    if what == OURS:
        result = split_table(check_table(text, model), persons)
        assert result.n_rows == frame.height
    elif what == PARSING:
        parse(frame, model)
    else:
        failed_cells(frame, model.to_schema())
    return time.perf_counter() - start, (memory_of_self("VmHWM") - held) / 2**20


def memory_of_self(line: str) -> int:
    """A figure of /proc/self/status, in KiB."""
    status = Path("/proc/self/status").read_text()
    return next(int(each.split()[1]) for each in status.splitlines() if each.startswith(f"{line}:"))


def reset_peak() -> int:
    """Let the highest memory start again from what is held now, and say how much that is."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory_of_self("VmRSS")


if __name__ == "__main__":
    main()
