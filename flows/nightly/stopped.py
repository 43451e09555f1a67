"""A drop that a limit stopped: its rejected rows and all counts are kept until a drop of that date is scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project.paths import REJECTS, SUMMARY, StudyPaths, read_json, write_json
from flows.stores.tables import stopped
from flows.study.study import Study

if TYPE_CHECKING:
    from flows.nightly.run import Run


def counts_of(paths: StudyPaths, date: str) -> Path:
    """The file of counts of a date's drop."""
    return paths.stopped / f"{date}.json"


def keep(run: Run, sentences: list[str]) -> str:
    """Keep rejects, counts and which limits were passed, and say where they are; scores stay as they were."""
    import polars as pl

    from flows.nightly.rejects import reject_rows

    rejects = pl.read_parquet(run.staging / "valid" / REJECTS)
    paths = run.study.paths
    table = run.study.tables.rejects
    rows = reject_rows(run.study, rejects, stopped(run.date), run.run_id)
    batch = table.publish_stopped(run.date, rows)
    validation = read_json(run.staging / "valid" / SUMMARY)
    write_json(counts_of(paths, run.date), {"limits passed": sentences, "validation": validation})
    where, drop = (path.relative_to(run.study.root) for path in (table.folder, run.drop))
    kept = f"the rejected rows with their reasons are in {where}, batch {batch}; " if rejects.height else ""
    return f"{kept}`mtl-health validate --study {run.study.name} --scoring {drop}` shows every count"


def read(paths: StudyPaths, date: str) -> dict[str, Any] | None:
    """The limits that a date's last drop passed, as sentences, and its counts; None if nothing stopped it."""
    path = counts_of(paths, date)
    return read_json(path) if path.is_file() else None


def clear(study: Study, date: str) -> None:
    """Forget what was stopped: a drop of the date is scored."""
    study.tables.rejects.remove(stopped(date))
    counts_of(study.paths, date).unlink(missing_ok=True)
