"""Checks of what an installation holds of a study: settings, raw data, inbox, registry, tables, nights."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from flows.doctor.finding import Finding, Place
from flows.project.dates import dates_due
from flows.project.errors import sentence_of
from flows.project.storage import shown
from flows.study.study import Study
from schemas.reading.places import is_far

NIGHTS = 7
"""So many scheduled nights are looked at."""


def params(place: Place, study: Study) -> Iterator[Finding]:
    """The study's block of params.yaml."""
    from flows.study.load import read_study

    _, faults = read_study(place.root, study.name, depth="block")
    for fault in faults:
        yield Finding("fault", fault, f"mend it, then mtl-health check {study.name}")
    if not faults:
        yield Finding("ok", "its block of params.yaml has no fault")


def raw(place: Place, study: Study) -> Iterator[Finding]:
    """The raw tables that it is trained on."""
    tables = study.paths.raw
    if not tables.is_dir() or not any(tables.iterdir()):
        yield Finding(
            "fault", f"data/raw/{study.name} is empty: nothing can be trained", f"dvc pull {_dvc_file(study)}"
        )
    else:
        yield Finding("ok", f"data/raw/{study.name} is there")


def _dvc_file(study: Study) -> str:
    return f"data/raw/{study.name}.dvc"


def inbox(place: Place, study: Study) -> Iterator[Finding]:
    """The folder of its drops: there, ours to read, and reached if it is on a storage."""
    folder = study.inbox
    if is_far(folder):
        from flows.project.storage import reaching

        with reaching(folder):
            n = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
        yield Finding("ok", f"{folder} answers and has {n} drops")
        return
    shown = folder.relative_to(place.root) if folder.is_relative_to(place.root) else folder
    if folder.is_symlink() and not folder.exists():
        words = f"{shown} leads to {os.readlink(folder)}, which is not there: is its disk mounted?"
        yield Finding("fault", words, "mount it, then ls " + str(shown))
    elif not folder.exists():
        yield Finding("note", f"{shown} is not there yet: nothing was ever delivered", f"mkdir -p {shown}")
    elif not folder.is_dir():
        yield Finding("fault", f"{shown} is a file, not a folder: no drop can lie there", f"mv {shown} {shown}.aside")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        yield Finding("fault", f"{shown} is not ours to read and write", f"chown -R $(id -un) {shown}")
    else:
        drops = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        yield Finding("ok", f"{shown} is readable" + (f", newest drop {drops[-1]}" if drops else ", no drop yet"))


def registry(place: Place, study: Study) -> Iterator[Finding]:
    """The champion: its bytes, and those of all that lies beside it, against their hashes."""
    promotions = study.registry.promotions()
    if promotions.is_empty():
        yield Finding("note", "it has no champion yet", f"mtl-health retrain --study {study.name}")
        return
    version = promotions["model_version"][-1]
    try:
        study.registry.check(version)
    except ValueError as error:
        yield Finding("fault", str(error), f"restore data/registry/{study.name}, or mtl-health retrain")
        return
    yield Finding("ok", f"the champion {version[:12]} is what it was when it was registered")


def tables(place: Place, study: Study) -> Iterator[Finding]:
    """Its published tables: their logs, every file that they name, and the newest date."""
    from deltalake.exceptions import DeltaError

    from flows.stores.partitions import newest

    stores = {"champions": study.registry.history, **{t.name: t.store for t in vars(study.tables).values()}}
    wrong = 0
    for name, store in stores.items():
        if not store.exists():
            if (store.folder / "_delta_log").exists():
                wrong += 1
                yield Finding("fault", f"the log of the table {name} names no table", _restore(study, name))
            continue
        try:
            n_gone, n = (0, 0) if is_far(store.folder) else _gone(store.folder)
        except (DeltaError, OSError, ValueError) as error:
            wrong += 1
            words = f"the log of the table {name} cannot be read ({type(error).__name__})"
            yield Finding("fault", words, _restore(study, name))
            continue
        if n_gone:
            wrong += 1
            words = f"of the table {name} {n_gone} of {n} files are gone or not as long as they were"
            yield Finding("fault", words, _restore(study, name))
    if not wrong:
        last = newest(study.tables.scores)
        yield Finding("ok", f"its tables are whole, newest scores of {last}" if last else "it has no scores yet")


def _gone(folder: Path) -> tuple[int, int]:
    """Files of a table that are not there or have another size, and all that its log names."""
    import polars as pl

    from flows.stores.delta_files import open_table

    files = pl.Series(open_table(folder).get_add_actions(flatten=True)).struct.unnest()
    bad = 0
    for path, size in files.select("path", "size_bytes").iter_rows():
        file = folder / unquote(path)
        bad += not (file.is_file() and file.stat().st_size == size)
    return bad, files.height


def _restore(study: Study, name: str) -> str:
    return f"restore data/tables/{study.name}/{name} from backup (docs/operations.md, Putting things back)"


def nights(place: Place, study: Study) -> Iterator[Finding]:
    """Whether the last scheduled nights were scored, and which drops were refused: tables and files, not Prefect."""
    from flows.stores.partitions import held
    from flows.stores.refusals import refusals

    dates, refused = held(study.tables.scores), refusals(study.paths)
    schedule, last = study.settings.schedule, max(dates, default="")
    ended = place.now - dt.timedelta(hours=1)  # tonight's run may be at work
    scheduled = dates_due(schedule.score, schedule.timezone, ended, NIGHTS)
    due = [date for date in scheduled if dates and date > min(dates)]
    recent = {date for date in refused if date >= min(last, scheduled[-1])}  # what is older nobody waits for
    for date in sorted(recent.union(due) - (dates - recent), reverse=True):
        if date in recent:
            why, following, is_allowed = _refused(study, date, refused[date])
        else:
            why, following, is_allowed = _why(study, date)
        is_fault = (date in due[:1] or (date in recent and date >= last)) and not is_allowed
        words = f"the night of {date} was {'scored, but not again' if date in dates else 'not scored'}: {why}"
        yield Finding("fault" if is_fault else "note", words, following)
    if not dates and not recent:
        yield Finding("note", "no night was ever scored", f"mtl-health nightly --study {study.name}")
    elif not recent and dates.issuperset(due):
        words = f"the last {len(due)} scheduled nights were scored" if due else "its first night was scored"
        yield Finding("ok", words)


def _refused(study: Study, date: str, why: str) -> tuple[str, str, bool]:
    """What is said of a date whose drop was refused, and what to type."""
    drop, score = shown(study.inbox / date, study.root), f"mtl-health score --study {study.name} --date {date}"
    following = f"mtl-health validate --study {study.name} --scoring {drop}, have it mended, then {score}"
    return f"its drop is refused: {why}", following, False


def _why(study: Study, date: str) -> tuple[str, str, bool]:
    """Why a date has no scores, as far as files tell, what to type, and whether the study's params allow it."""
    from flows.stores.inbox import Inbox

    again = f"mtl-health score --study {study.name} --date {date}"
    try:
        drop = Inbox(study.inbox).drop(date)
    except FileNotFoundError:
        newest = Inbox(study.inbox).newest(date)
        age = (dt.date.fromisoformat(date) - dt.date.fromisoformat(newest)).days if newest else None
        is_allowed = age is not None and age <= study.settings.night.max_drop_age_days
        words = "it has no drop" + (f", the newest is {age} days older" if newest else "")
        return words, f"put its tables into {study.inbox / date}, then {again}", is_allowed
    except OSError as error:
        return sentence_of(error), again, False
    return f"its drop lies in {drop.name}, and no run of it has ended well", again, False
