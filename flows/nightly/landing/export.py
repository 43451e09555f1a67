"""What landed by a date, written into a folder for DVC: the same state gives the same bytes, and nothing gives none."""

from __future__ import annotations

import datetime as dt
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.newcomers import as_split, parts_of
from flows.features.splits import read_split_file
from flows.nightly.landing.newest import newest_rows
from flows.project.hashing import digest
from flows.project.identity import code_digest
from flows.project.paths import read_json, replace_file, write_json
from flows.stores.valid import NEWCOMERS
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.reading.folder import find_table
from schemas.reading.source import read_table
from schemas.splitting.intake import TABLES, landed_rows

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
        n_newcomers = _write(study, date, folder, at_once=n_rows <= AT_ONCE)
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


def _write(study: Study, date: str, folder: Path, *, at_once: bool) -> int:
    """Replace the folder, and give the number of newcomers."""
    partial_folder = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial_folder, ignore_errors=True)
    contract = study.contract
    newcomers = pl.DataFrame(schema={PERSON: pl.String})
    for name, rows in study.tables.landed.by_table(date, contract.tables, at_once=at_once):
        model = contract.tables[name]
        view = ModelView.of(model)
        newest = newest_rows(rows, view)
        if newest.is_empty():
            continue
        if name == contract.person_table:
            newcomers = _newcomers(study, date, newest[view.key])
        path = find_table(study.paths.raw, name)
        text = read_table(path, model, table=name) if path else None
        changed = landed_rows(newest, text, view)
        if changed.height:
            replace_file(partial_folder / TABLES / f"{name}.parquet", partial(_parquet, changed))
    if newcomers.height:
        replace_file(partial_folder / NEWCOMERS, partial(_parquet, newcomers))
    shutil.rmtree(folder, ignore_errors=True)
    if partial_folder.exists():
        partial_folder.replace(folder)
    return newcomers.height


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path)


def _newcomers(study: Study, date: str, people: pl.Series) -> pl.DataFrame:
    """The people without a place in the split file, and those who were given a part before they had one there.

    Whoever has no part yet is given one, for ever.
    """
    split = read_split_file(study.paths.raw / study.settings.split.file, study.settings.split)
    table = study.tables.parts
    given = table.read() if table.exists() else pl.DataFrame(schema={PERSON: pl.String, "part": pl.String})
    strange = people.filter(~people.is_in(split[PERSON].implode()) & ~people.is_in(given[PERSON].implode()))
    new = parts_of(strange.sort(), split)
    if new.height:
        table.give(date, new.with_columns(pl.lit(dt.date.fromisoformat(date)).alias("given_on")))
    known = pl.concat([given.select(PERSON, "part"), new]).filter(pl.col(PERSON).is_in(people.implode()))
    return as_split(known, split)
