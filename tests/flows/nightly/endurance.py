"""Runs that are killed at random, and drops that are spoilt at random: what must hold after each of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from pathlib import Path
from traceback import walk_tb
from typing import Any

import polars as pl

from flows.nightly.backfill.dates import do_dates, score_date
from flows.nightly.backfill.plan import plan_dates
from flows.nightly.trouble import REFUSALS
from flows.project.errors import is_failure, is_own, sentence_of
from flows.project.machines import SERIAL
from flows.stores.dated import state_of
from flows.study.study import Study
from tests.flows.nightly.spoiling import CANARY, spoil

PREPARED = ("flows.nightly.backfill.dates", "tests.flows.nightly.endurance")
OF_RUN = ("run_id", "scored_at", "score_date")


def score(root: Path, date: str, version: str) -> None:
    """A process that scores a date."""
    score_date(Study(root, "heart"), date, version)


def backfill(root: Path, dates: list[str], version: str) -> None:
    """A process that scores some dates."""
    study = Study(root, "heart")
    study.__dict__["machines"] = SERIAL
    list(do_dates(study, plan_dates(study, dates, version)))


class Endurance:
    """Dates of one study that two models score by turns, in processes that are killed.

    Attributes:
        counts: what was done and found.
    """

    def __init__(self, root: Path, versions: tuple[str, str], dates: list[str], *, seed: int) -> None:
        self.root, self.versions, self.dates = root, versions, dates
        self.study, self.chance = Study(root, "heart"), random.Random(seed)
        self.counts: Counter[str] = Counter()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(PREPARED))
        self.right, self.seconds = dict[tuple[str, str], pl.DataFrame](), float("inf")
        for version in versions:
            for date in dates:
                start = time.monotonic()
                if not score_date(self.study, date, version)["unchanged"]:
                    self.seconds = min(self.seconds, time.monotonic() - start)
                self.right[date, version] = self._scores(date)
        self.landed = self._landed()

    def _scores(self, date: str) -> pl.DataFrame:
        state = state_of(Study(self.root, "heart").tables, date)
        assert state is not None
        return state.scores().drop(OF_RUN)

    def _landed(self) -> dict[Any, int]:
        landed = self.study.tables.landed
        rows = landed.read() if landed.exists() else pl.DataFrame({"landed_on": []})
        return dict(rows.group_by("landed_on").len().iter_rows())

    def kill(self) -> None:
        """Start a run of `score` or `backfill`, kill it somewhere, and look at what it has left."""
        dates = [self.chance.choice(self.dates)]
        version = self._other(dates[0])
        if self.chance.random() < 0.5:
            target = score
            run = self._context.Process(target=target, args=(self.root, dates[0], version))
        else:
            dates, target = self.dates, backfill  # type: ignore[assignment]
            run = self._context.Process(target=target, args=(self.root, dates, version))
        run.start()
        end = time.monotonic() + self.chance.uniform(0, 1.1 * self.seconds * len(dates))
        while run.is_alive() and time.monotonic() < end:
            self.look()  # a reader beside it
            self.counts["reads"] += 1
        if run.is_alive():
            run.kill()
        run.join()
        self.counts[f"{target.__name__} {'killed' if run.exitcode == -9 else 'ended'}"] += 1
        assert run.exitcode in (-9, 0), run.exitcode
        self.look()

    def _other(self, date: str) -> str:
        """The model that has not made a date's scores, so that there is something to do."""
        state = state_of(Study(self.root, "heart").tables, date)
        assert state is not None
        return next(version for version in self.versions if version != state.run["model_version"])

    def look(self) -> None:
        """A reader who follows the ledger sees one whole run of each date, and the table itself is whole."""
        tables = Study(self.root, "heart").tables
        for date in self.dates:
            state = state_of(tables, date)
            assert state is not None
            row, scores, rejects = state.run, state.scores(), state.rejects()
            assert {*scores["run_id"], *rejects["run_id"]} == {row["run_id"]}
            assert row["n_people"] == row["n_scored"] + row["n_rejected"] + row["n_excluded"]
            assert (scores.height, rejects.height) == (row["n_scored"], json.loads(row["details"])["n_rejects"])
            right = self.right[date, row["model_version"]]
            assert scores.drop(OF_RUN).equals(right), "nothing is lost, doubled or mixed"
            plain = tables.scores.read(date)
            assert plain["run_id"].n_unique() == 1
            assert plain.drop(OF_RUN).equals(self.right[date, plain["model_version"][0]])
        runs = tables.runs.read()
        assert runs["run_id"].is_unique().all()

    def mend(self) -> None:
        """The next run that is left alone is right, and nothing of the killed ones is left."""
        version = self._other(self.dates[0])
        backfill(self.root, self.dates, version)
        self.look()
        for date in self.dates:
            state = state_of(Study(self.root, "heart").tables, date)
            assert state is not None
            assert state.run["model_version"] == version
            assert self.study.tables.scores.read(date)["run_id"][0] == state.run["run_id"]
        assert self._landed() == self.landed
        staging = self.study.paths.staging
        assert not [path.name for path in staging.iterdir() if path.is_dir()]
        self.counts["mended"] += 1


def bad_drop(root: Path, good: Path, date: str, seed: int) -> str:
    """Spoil a copy of a drop, score it, and give in a word what became of it; the tables are right in any case."""
    chance, study = random.Random(seed), Study(root, "heart")
    drop = study.paths.inbox / date
    shutil.rmtree(drop, ignore_errors=True)
    shutil.copytree(good, drop)
    what = spoil(drop / "cleveland.csv", chance)
    before = state_of(study.tables, date)
    row, error = _scored(study, date)
    shutil.rmtree(drop)
    if error is not None:
        said = sentence_of(error)
        assert is_own(error), (what, said, [(line, frame.f_lasti) for frame, line in walk_tb(error.__traceback__)][-1])
        assert isinstance(error, REFUSALS), (what, type(error).__name__, said)
        after = state_of(study.tables, date)
        assert (after.run if after else None) == (before.run if before else None), what
        _require_no_values(study, said, what)
        return "refused"
    assert row["n_people"] == row["n_scored"] + row["n_rejected"] + row["n_excluded"], what
    assert row["n_rows"] == row["n_rows_valid"] + row["n_rows_rejected"], what
    state = state_of(study.tables, date)
    assert state is not None
    scores = state.scores()
    assert scores.height == row["n_scored"], what
    assert scores["person_id"].is_unique().all(), what
    _require_no_values(study, json.dumps(row, default=str), what)
    return "scored, with rejects" if row["n_rows_rejected"] else "scored"


def _scored(study: Study, date: str) -> tuple[dict[str, Any], BaseException | None]:
    """The ledger's row of a date, or the error; a panic of Polars is no ``Exception``."""
    try:
        return score_date(study, date, None), None
    except BaseException as error:
        if not is_failure(error):
            raise
        return {}, error


def _require_no_values(study: Study, said: str, what: str) -> None:
    """No cell of a drop stands in what is said or kept in plain files."""
    kept = "".join(path.read_text() for path in study.paths.stopped.glob("*.json"))
    assert CANARY not in said + kept, (what, said)
    assert not [name for name in os.listdir(study.paths.staging) if not name.startswith(".")], what
