"""What keeps a year of nights in order costs: tables compacted and vacuumed, newest scores, Prefect's own history.

    python -m benchmarks.upkeep [--nights 365] [--people 10000]

The tables are made up and written night by night in a temporary folder, every tenth date twice. Upkeep is measured with
all versions kept, and with those of today alone, so that it removes what it can. Prefect's runs are made in a database
of their own, one for ten nights, and said to be years old.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import one_core, show
from benchmarks.tables import reject_rows, score_rows, value_of

Row = tuple[str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--people", type=int, default=10_000)
    options = parser.parse_args()
    one_core()
    with tempfile.TemporaryDirectory() as name:
        rows = [*tables(Path(name), options.nights, options.people), *prefect(Path(name), options.nights)]
    show(
        f"a year of {options.nights} nights of {options.people} people", ("what is done", "s", "what came of it"), rows
    )


def tables(folder: Path, n_nights: int, n_people: int) -> Iterator[Row]:
    """Writing, upkeep, and the newest scores."""
    from flows.stores.latest import latest_rows
    from flows.stores.tables import RejectTable, ScoreTable
    from flows.stores.upkeep import keep_up

    made = ((ScoreTable(folder), score_rows(n_people)), (RejectTable(folder), reject_rows(n_people // 50)))
    dates = [(dt.date(2026, 1, 1) + dt.timedelta(night)).isoformat() for night in range(n_nights)]
    for table, rows in made:
        begun = time.perf_counter()
        for date in [*dates, *dates[::10]]:
            table.replace(date, rows.with_columns(value_of(table, date)))
        taken = time.perf_counter() - begun
        n_written = n_nights + len(dates[::10])
        yield (
            f"{table.name}: every date written",
            f"{taken:.1f}",
            f"{1000 * taken / n_written:.0f} ms each; {_size(table.folder)}",
        )
    begun = time.perf_counter()
    n_found = sum(frame.height for frame in latest_rows(made[0][0].folder, "score_date", "person_id"))
    yield "newest scores of each person", f"{time.perf_counter() - begun:.1f}", f"{n_found} people of {n_nights} dates"
    for table, _ in made:
        for audit in (dt.timedelta(days=400), dt.timedelta(0)):
            begun = time.perf_counter()
            done = keep_up(table.folder, audit)
            words = f"{done.removed if done else 0} files removed; {_size(table.folder)}"
            yield f"{table.name}: upkeep, {audit.days} days kept", f"{time.perf_counter() - begun:.1f}", words


def _size(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if file.is_file()]
    log = [file for file in files if "_delta_log" in file.parts]
    sizes = [sum(file.stat().st_size for file in each) / 1e6 for each in (files, log)]
    return f"{sizes[0]:.0f} MB in {len(files)} files, of it log {sizes[1]:.1f} MB"


_RUNS = """
import sys; from prefect import flow, task; from prefect.artifacts import create_markdown_artifact
@task
def step(n): create_markdown_artifact(markdown="| what | value |\\n" + "| rows | 1 |\\n" * 40, key=f"study-step-{n}")
@flow
def night():
    for n in range(4): step(n)
for _ in range(int(sys.argv[1])): night()
"""
_PRUNE = "from flows.nightly.upkeep import prune; print(prune())"


def prefect(folder: Path, n_nights: int) -> Iterator[Row]:
    """Runs with their artifacts, and their removal."""
    import sqlite3

    home = folder / "prefect"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }
    environment.pop("PREFECT_API_URL", None)
    n_runs = max(1, n_nights // 10)
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", _RUNS, str(n_runs)], env=environment, check=True, capture_output=True)
    taken = time.perf_counter() - begun
    database = home / "prefect.db"

    def count() -> str:
        with sqlite3.connect(database) as held:
            counts = {
                name: held.execute(f"select count(*) from {name}").fetchone()[0]
                for name in ("flow_run", "artifact", "log")
            }
        return f"{', '.join(f'{n} {name}s' for name, n in counts.items())}; {database.stat().st_size / 1e6:.1f} MB"

    yield f"Prefect: {n_runs} runs of 4 tasks", f"{taken:.1f}", count()
    with sqlite3.connect(database) as held:
        held.execute("update flow_run set end_time = '2020-01-01 00:00:00.000000'")
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", _PRUNE], env=environment, check=True, capture_output=True)
    yield "Prefect: those runs removed", f"{time.perf_counter() - begun:.1f}", count()


if __name__ == "__main__":
    main()
