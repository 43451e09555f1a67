"""The published tables after a year of nights and many runs: time to read and to write, beside small ones.

The ledger stands beside one Parquet file of the same rows, tables of nights beside a table of a single night.

    python -m benchmarks.tables [--runs 10000] [--nights 365] [--people 10000]

The tables are made up and written in a temporary folder, night by night. The ledger's first runs are written a hundred
at a time, the last hundred one by one, as nights do.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measuring import in_turns, one_core, show

FILE_LIMIT, YEAR_LIMIT = 10.0, 5.0
"""Times that of one Parquet file; times that of a table of one night."""
MILLISECONDS = 1000


@dataclass(frozen=True)
class Measured:
    """One thing to do with a table, and what it stands beside."""

    what: str
    ours: Callable[[], Any]
    other: Callable[[], Any]
    limit: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    one_core()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = [
            *ledger(folder, options.runs),
            *nightly(folder, options.nights, options.people),
            *champions(folder, options.nights),
        ]
        rows = []
        for each in measured:
            taken = in_turns({"ours": each.ours, "other": each.other}, options.repeats)
            ratio = taken["ours"] / taken["other"]
            kept = "kept" if ratio <= each.limit else "broken"
            times = (f"{taken[name] * MILLISECONDS:.1f}" for name in ("ours", "other"))
            rows.append((each.what, *times, f"{ratio:.1f}", f"{each.limit:g}: {kept}"))
        show(
            f"tables after {options.nights} nights of {options.people} people and {options.runs} runs",
            ("what is done", "ms", "ms, the other", "ratio", "limit"),
            rows,
            note="; ".join(sizes(folder)),
        )


def ledger(folder: Path, n_runs: int) -> list[Measured]:
    """The ledger, and a file of the same rows."""
    import polars as pl
    from deltalake import write_deltalake

    from flows.stores.tables import RunLedger

    runs = RunLedger(folder)
    runs.publish(run_row(0))
    schema = runs.read().schema
    for first in range(1, n_runs - 100, 100):
        rows = [run_row(number) for number in range(first, min(first + 100, n_runs - 100))]
        write_deltalake(str(runs.folder), pl.DataFrame(rows, schema=schema), mode="append")
    for number in range(n_runs - 100, n_runs):
        runs.publish(run_row(number))
    file = folder / "runs.parquet"
    held = runs.read()
    if held.height != n_runs or not held["run_id"].is_unique().all():
        raise ValueError("the ledger does not hold one row a run")
    held.write_parquet(file)
    some = run_row(n_runs // 2)
    one = pl.DataFrame([some], schema=schema)

    def found() -> pl.DataFrame:
        return pl.scan_parquet(file).filter(pl.col("run_id") == some["run_id"]).collect()

    return [
        Measured("ledger: read all, beside a file", runs.read, lambda: pl.read_parquet(file), FILE_LIMIT),
        Measured("ledger: find a run, beside a file", lambda: runs.find(some["run_id"]), found, FILE_LIMIT),
        Measured(
            "ledger: record a run again, beside a file",
            lambda: runs.publish(some),
            lambda: rewritten(file, one),
            FILE_LIMIT,
        ),
    ]


def rewritten(file: Path, row: Any) -> None:
    """Replace a row of a file by writing all of it."""
    import polars as pl

    rest = pl.read_parquet(file).filter(pl.col("run_id") != row["run_id"][0])
    pl.concat([rest, row]).write_parquet(file)


def run_row(number: int) -> dict[str, Any]:
    """A made-up run, as large as one of NHANES: other counts each time, and the hashes of 26 files."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    counts = {f"T{table}.column{column}": number * column % 97 for table in range(26) for column in range(12)}
    hashes = {f"T{table}.csv": hashlib.sha256(f"{number}{table}".encode()).hexdigest() for table in range(13)}
    moment = dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC) + dt.timedelta(minutes=50 * number)
    return {
        "run_id": digest[:16],
        "flow": "score",
        "study": "made_up",
        "batch": moment.date().isoformat(),
        "model_version": digest,
        "data_hashes": json.dumps(hashes),
        "n_people": 1000,
        "started_at": moment,
        "finished_at": moment,
        "seconds": 9.5,
        "details": json.dumps({"validation": counts}),
    }


def nightly(folder: Path, n_nights: int, n_people: int) -> list[Measured]:
    """Scores and rejects of every night, and the last nights in files."""
    import polars as pl

    from flows.stores.tables import RejectTable, ScoreTable

    tables = ScoreTable(folder), RejectTable(folder)
    young = ScoreTable(folder / "young"), RejectTable(folder / "young")
    dates = [(dt.date(2026, 1, 1) + dt.timedelta(night)).isoformat() for night in range(n_nights)]
    made = score_rows(n_people), reject_rows(n_people // 50)
    for date in dates:
        for table, first, rows in zip(tables, young, made, strict=True):
            part = rows.with_columns(value_of(table, date))
            table.replace(date, part)
            if date == dates[0]:
                first.replace(date, part)
    scores, month = tables[0], [folder / "month" / f"{date}.parquet" for date in dates[-30:]]
    month[0].parent.mkdir()
    for file in month:
        scores.read(file.stem).write_parquet(file)
    reads = [
        Measured(
            f"{table.name}: one date, beside one night",
            partial(table.read, dates[n_nights // 2]),
            partial(first.read, dates[0]),
            YEAR_LIMIT,
        )
        for table, first in zip(tables, young, strict=True)
    ]
    middle = dates[n_nights // 2]
    writes = [
        Measured(
            f"{table.name}: write a date again, beside one night",
            partial(table.replace, middle, rows.with_columns(value_of(table, middle))),
            partial(first.replace, dates[0], rows.with_columns(value_of(table, dates[0]))),
            YEAR_LIMIT,
        )
        for table, first, rows in zip(tables, young, made, strict=True)
    ]
    thirty = partial(last_30, scores.folder, dates[-30])
    return [
        *reads,
        *writes,
        Measured("scores: the last 30 dates, beside 30 files", thirty, partial(pl.read_parquet, month), FILE_LIMIT),
    ]


def value_of(table: Any, date: str) -> Any:
    """A night's value of the partition: a date, or a batch's name."""
    import polars as pl

    value = pl.lit(date).str.to_date() if table.partition == "score_date" else pl.lit(date)
    return value.alias(table.partition)


def last_30(folder: Path, first: str) -> Any:
    """The dates from ``first`` on, read from the files that Delta's library names."""
    import polars as pl
    from deltalake import DeltaTable

    table = DeltaTable(str(folder))
    return pl.read_parquet(table.file_uris(file_pruning_predicate=f"score_date >= '{first}'"), hive_partitioning=True)


def score_rows(n_people: int) -> Any:
    """Made-up scores: 20 columns of figures."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(0)
    figures = {f"score{column}": random.random(n_people) for column in range(20)}
    return pl.DataFrame({"person_id": [f"{n:08d}" for n in range(n_people)], **figures})


def reject_rows(n_rows: int) -> Any:
    """Made-up rejects."""
    import polars as pl

    row = json.dumps({f"column{n}": str(n) for n in range(12)})
    reasons = [[{"column": "age", "rule": "missing"}]] * n_rows
    return pl.DataFrame({"person_id": [f"{n:08d}" for n in range(n_rows)], "row": row, "reasons": reasons})


def champions(folder: Path, n_promotions: int) -> list[Measured]:
    """A promotion a night."""
    import polars as pl

    from flows.stores.registry import ModelRegistry
    from flows.stores.store import WHOLE

    registry = ModelRegistry(folder / "registry", folder / "champions")
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    rows = [
        {
            "model_version": hashlib.sha256(str(n).encode()).hexdigest(),
            "promoted_at": moment + dt.timedelta(n),
            "reason": "better",
            "replaced": None,
            "gate": json.dumps({f"task{task}": [n / (task + 3), 0.5, -n / 7] for task in range(12)}),
        }
        for n in range(n_promotions)
    ]
    history = pl.DataFrame(rows, schema=registry.promotions().schema)
    for n in range(1, n_promotions + 1):
        registry.history.replace(WHOLE, history.head(n))
    young = ModelRegistry(folder / "registry", folder / "young" / "champions")
    young.history.replace(WHOLE, history)
    return [
        Measured("champions: all, beside one write of them", registry.promotions, young.promotions, YEAR_LIMIT),
    ]


def sizes(folder: Path) -> list[str]:
    """What lies in the folder of every table, and in its log."""
    from deltalake import DeltaTable

    found = []
    for table in ("runs", "scores", "rejects", "champions"):
        files = [file for file in (folder / table).rglob("*") if file.is_file()]
        log = [file for file in files if "_delta_log" in file.parts]
        whole, part = (sum(file.stat().st_size for file in each) / 1e6 for each in (files, log))
        live = [Path(file) for file in DeltaTable(str(folder / table)).file_uris()]
        held = sum(file.stat().st_size for file in live) / 1e6
        found.append(
            f"{table} {held:.1f} MB in {len(live)} files, with earlier versions {whole:.1f}, log {part:.1f} MB"
        )
    return found


if __name__ == "__main__":
    main()
