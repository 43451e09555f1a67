"""What landed by a date, written into a folder for DVC: the same state gives the same bytes, and nothing gives none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project.hashing import digest
from flows.project.identity import code_digest
from flows.project.paths import read_json, write_json
from flows.study.study import Study

if TYPE_CHECKING:
    import polars as pl

NOTE = "state"
AT_ONCE = 1_000_000  # so many rows that landed are read together, about 0.5 GiB: a pass for each table takes longer


def export_landed(study: Study, date: str) -> dict[str, Any]:
    """Bring the study's folder of what landed to the state of a date, and say what that is.

    It holds what differs from the raw tables: newcomers, and cells that were said anew. It is written only if drops
    that landed, raw tables, contract or code changed since it was written.

    Returns:
        ``date``, and the number of ``landings``, of their ``rows`` and of ``newcomers``.
    """
    folder, note = study.paths.landed, _note(study)
    landings = study.tables.landings.until(date)
    n_rows = int(landings["n_rows"].sum())
    shown = {"date": date, "landings": landings.height, "rows": n_rows}
    if landings.is_empty():
        if folder.exists():
            shutil.rmtree(folder)
        return {**shown, "newcomers": 0}
    state = _state(study, landings)
    held = read_json(note) if note.is_file() else {}
    if held.get(NOTE) != state or held.get("is_there") != folder.is_dir():
        from flows.nightly.landing.writing import write_landed  # and Pandera with it: a look needs none

        n_newcomers = write_landed(study, date, folder, at_once=n_rows <= AT_ONCE)
        held = {NOTE: state, "is_there": folder.is_dir(), "newcomers": n_newcomers}
        write_json(note, held)
    return {**shown, "newcomers": held["newcomers"]}


def _note(study: Study) -> Path:
    """Where it is kept of what state the folder is: not in it, since DVC takes all that lies there."""
    return study.root / ".dvc" / "tmp" / f"mtl-health-landed-{study.name}.json"


def _state(study: Study, landings: pl.DataFrame) -> str:
    """A hash of all that decides what is written; of the raw tables sizes and times are enough."""
    raw = study.paths.raw
    files = [
        [path.relative_to(raw).as_posix(), path.stat().st_size, path.stat().st_mtime_ns]
        for path in sorted(raw.rglob("*"))
        if path.is_file()
    ]
    came = [[day.isoformat(), run_id] for day, run_id in landings.select("landed_on", "run_id").iter_rows()]
    return digest(came, files, code_digest(__name__, study=study.name))
