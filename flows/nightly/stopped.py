"""A drop that a limit stopped: its rejected rows and all counts are kept until a drop of that date is scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project.paths import StudyPaths, read_json, write_json
from flows.project.storage import shown
from flows.stores.tables import stopped
from flows.study.study import Study

if TYPE_CHECKING:
    from flows.nightly.run import Run
    from flows.nightly.steps import Gathered


def counts_of(paths: StudyPaths, date: str) -> Path:
    """The file of counts of a date's drop."""
    return paths.stopped / f"{date}.json"


def keep(run: Run, gathered: Gathered, sentences: list[str]) -> str:
    """Keep rejects, counts and which limits were passed, and say where they are; scores stay as they were."""
    from flows.nightly.publishing import reject_frames

    paths, table = run.study.paths, run.study.tables.rejects
    rejected = {name: n for name, counts in gathered.summary["tables"].items() if (n := counts["n_rejected"])}
    most = run.study.settings.shards.kept_rejects
    rows = reject_frames(run, gathered.work, batch=stopped(run.date), excluded=False, most=most) if rejected else None
    batch = table.publish_stopped(run.date, rows)
    write_json(counts_of(paths, run.date), {"limits passed": sentences, "validation": gathered.summary})
    where, drop = (shown(path, run.study.root) for path in (table.folder, run.drop))
    kept = f"the rejected rows with their reasons are in {where}, batch {batch}" if rejected else ""
    if left := [f"{n - most:,} more of {name}" for name, n in rejected.items() if n > most]:
        kept += f" ({', '.join(left)} are not: shards.kept_rejects is {most:,} a table)"
    kept += "; " if kept else ""
    return f"{kept}`mtl-health validate --study {run.study.name} --scoring {drop}` shows every count"


def read(paths: StudyPaths, date: str) -> dict[str, Any] | None:
    """The limits that a date's last drop passed, as sentences, and its counts; None if nothing stopped it."""
    path = counts_of(paths, date)
    return read_json(path) if path.is_file() else None


def clear(study: Study, date: str) -> None:
    """Forget what was stopped: a drop of the date is scored."""
    study.tables.rejects.remove(stopped(date))
    counts_of(study.paths, date).unlink(missing_ok=True)
