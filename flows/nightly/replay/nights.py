"""The nights of a replay, run one after another with the steps of the nightly flows, and what came of each."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from flows.nightly import promotion, steps
from flows.nightly.landing.export import export_landed
from flows.nightly.replay.drops import Drops
from flows.nightly.replay.place import arrivals, make_place
from flows.nightly.reproduce import reproduce
from flows.nightly.run import open_run
from flows.nightly.training_data import require_sound, training_judgement
from flows.project.errors import sentence_of
from flows.project.hashing import sha256
from flows.project.paths import ROOT_VARIABLE, read_json
from flows.project.settings import ReplaySettings
from flows.stores.registry import MODEL
from flows.stores.staging import staging
from flows.study.study import Study

TIMEOUT = 3600.0
SHORT = 12

Say = Callable[[str], None]
Train = Callable[[str, int], dict[str, Any]]


def replay_nights(
    study: Study, replay: ReplaySettings, folder: Path, say: Say, keep: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """Replay a study's nights in ``folder``, and give what a page shows.

    A night's drop is scored and lands. Before the first night and after every so many the model is trained by DVC on
    what is known by then.

    Args:
        study: the study whose people arrive.
        replay: how many, and how.
        folder: a folder that is replaced.
        say: is given a line for every night and training.
        keep: is given what a page shows after every training, so that it is there should the rest never come.
    """
    nights = arrivals(study, replay)
    place = make_place(study, replay, nights, folder)
    trained, scored = list[dict[str, Any]](), list[dict[str, Any]]()
    found = {"study": study.name, "settings": replay.model_dump(mode="json"), "trained": trained, "scored": scored}
    with working_in(folder):
        for record in play(place, Drops(study, replay, nights), train=partial(train_as_of, place)):
            (trained if "parts" in record else scored).append(record)
            say(_words(record))
            if "parts" in record and scored:
                keep(found)
    keep(found)
    return found


def play(place: Study, drops: Drops, *, train: Train | None) -> Iterator[dict[str, Any]]:
    """All nights, and what came of each, trainings between them if there is a ``train``.

    A night whose drop is broken fails, and is scored with the mended drop a night later.
    """
    replay, first = drops.replay, dt.date.fromisoformat(drops.replay.first)
    dates = [(first + dt.timedelta(days=night)).isoformat() for night in range(replay.nights)]
    if train:
        yield train((first - dt.timedelta(days=1)).isoformat(), 0)
    for night, date in enumerate(dates):
        if night and night == replay.broken:
            drops.write(night - 1, place.inbox / dates[night - 1])
            yield _score(place, dates[night - 1], night, again=True)
        drops.write(night, place.inbox / date, broken=night + 1 == replay.broken)
        yield _score(place, date, night + 1)
        if train and (night + 1) % replay.retrain_every == 0:
            yield train(date, night + 1)


def _score(place: Study, date: str, night: int, *, again: bool = False) -> dict[str, Any]:
    """A night's drop scored and landed, or why it was not."""
    study, started = Study(place.root, place.name), time.monotonic()
    found: dict[str, Any] = {"night": night, "date": date, "again": again}
    try:
        run = open_run(study, date)
        with staging(run.staging):
            steps.work_through_all(run)
            steps.Gathered(run).judgement().require("the drop lies in the inbox")
            row = steps.publish(run)
    except Exception as error:  # a broken night is part of it; what is wrong is said
        return {**found, "error": sentence_of(error), "champion": _champion(study), "seconds": _since(started)}
    landed = study.tables.landings.read().filter(pl.col("landed_on") == dt.date.fromisoformat(date))
    counts = {name: row[name] for name in ("n_people", "n_scored", "n_rejected", "n_excluded")}
    rows = landed.select("n_rows", "n_late").row(0, named=True)
    return {**found, **counts, **rows, "error": "", "champion": _champion(study), "seconds": _since(started)}


def train_as_of(place: Study, date: str, night: int) -> dict[str, Any]:
    """A retraining as of a date: what it learned from, its figures on test people, and whether it was promoted."""
    study, started = Study(place.root, place.name), time.monotonic()
    paths = study.paths
    landed = export_landed(study, date)
    before = sha256(study.root / "dvc.lock") if (study.root / "dvc.lock").is_file() else ""
    reproduce(study.root, study.name, timeout=TIMEOUT)
    people, evaluation = read_json(paths.features / "summary.json"), read_json(paths.reports / "evaluation.json")
    model = evaluation["settings"]["model"]
    figures = {
        name: {"metric": task["headline"], **evaluation["models"][model]["tasks"][name]["metrics"][task["headline"]]}
        for name, task in evaluation["tasks"].items()
    }
    return {
        "night": night,
        "date": date,
        "landed": landed,
        "changed": sha256(study.root / "dvc.lock") != before,
        "parts": people["parts"],
        "n_labelled": {
            task.name: max(people["n_labelled"][column] for column in task.target_columns)
            for task in study.settings.task_records
        },
        "figures": figures,
        "mean": evaluation["models"][model]["headline_mean"],
        **_verdict(study, outcomes_wait=bool(landed["newcomers"])),
        "seconds": _since(started),
    }


def _verdict(study: Study, *, outcomes_wait: bool) -> dict[str, Any]:
    """Whether a model was promoted, and why; what stops a retraining is a reason too."""
    version = sha256(study.paths.models / MODEL)
    try:
        require_sound(study, training_judgement(study, outcomes_wait=outcomes_wait))
        result = promotion.promote(study, promotion.register(study))
    except Exception as error:
        return {"version": version[:SHORT], "promoted": False, "reason": sentence_of(error)}
    return {"version": version[:SHORT], "promoted": result.promoted, "reason": result.reason}


def _champion(study: Study) -> str:
    champion = study.registry.champion()
    return champion.version[:SHORT] if champion else ""


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)


def _words(record: dict[str, Any]) -> str:
    """A line for who waits."""
    where = f"night {record['night']}, {record['date']}"
    if "parts" in record:
        verdict = "promoted" if record["promoted"] else "not promoted"
        return f"{where}: trained on {record['parts']['train']} people, {verdict}, {record['seconds']:.0f} s"
    if record["error"]:
        return f"{where}: failed: {record['error']}"
    return f"{where}: {record['n_scored']} scored, {record['n_rows']} rows landed, {record['n_late']} of them late"


@contextmanager
def working_in(folder: Path) -> Any:
    """Have DVC's stages find the copy of the project, not the project that is named in the environment."""
    before = {name: os.environ.get(name) for name in (ROOT_VARIABLE, "PYTHONPATH")}
    os.environ.update(dict.fromkeys(before, str(folder)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
