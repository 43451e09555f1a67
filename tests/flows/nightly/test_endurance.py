"""Runs that are killed and drops that are spoilt at random: a few in every run of the tests, many with `-m long`."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.nightly.backfill.dates import score_date
from flows.project.errors import sentence_of
from flows.stores.dated import state_of
from flows.stores.staging import BusyError
from flows.study.study import Study
from tests.flows.nightly.endurance import PREPARED, Endurance, bad_drop
from tests.flows.nightly.test_champions import other_model
from tests.flows.support import drop_of
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow
SEED = 20261128
MANY = {"KILLS": 1000, "DROPS": 1000, "RETRAIN": 20}
KILLS, DROPS, RETRAININGS = (int(os.environ.get(f"MTL_HEALTH_{name}", many)) for name, many in MANY.items())


@pytest.fixture(scope="module")
def project(copy_night: Callable[[str], Project]) -> Project:
    return copy_night("endurance")


@pytest.fixture(scope="module")
def endurance(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Endurance:
    study = Study(project.folder, "heart")
    first = study.registry.require_champion("heart").version
    second = study.registry.register(other_model(study, tmp_path_factory.mktemp("other")), [], {"params_hash": "p"})
    drop_of(project, "2026-01-02")
    return Endurance(project.folder, (first, second), [NIGHT, "2026-01-02"], seed=SEED)


def test_some_killed_runs_leave_every_date_whole(endurance: Endurance) -> None:
    for _ in range(4):
        endurance.kill()
    endurance.mend()


def test_some_spoilt_drops_are_refused_or_accounted_for(project: Project) -> None:
    good = project.folder / "data/inbox/heart" / NIGHT
    found = [bad_drop(project.folder, good, "2026-01-03", SEED + number) for number in range(10)]
    assert "refused" in found


@pytest.mark.long
def test_many_killed_runs_leave_every_date_whole(endurance: Endurance) -> None:
    for turn in range(KILLS):
        endurance.kill()
        if turn % 10 == 9:
            endurance.mend()
    endurance.mend()
    assert endurance.counts["score killed"] > KILLS / 10
    assert endurance.counts["backfill killed"] > KILLS / 10


@pytest.mark.long
def test_many_spoilt_drops_are_refused_or_accounted_for(project: Project) -> None:
    good = project.folder / "data/inbox/heart" / NIGHT
    found = [bad_drop(project.folder, good, "2026-01-03", number) for number in range(DROPS)]
    assert {"refused", "scored"} <= set(found)


@pytest.mark.long
def test_killed_retrainings_leave_the_champion_and_the_next_one_is_whole(copy_night: Callable[[str], Project]) -> None:
    """Each has something to do: another seed of the training."""
    project, chance = copy_night("retrain"), random.Random(SEED)
    study, params = Study(project.folder, "heart"), project.folder / "params.yaml"
    command, seeds = [sys.executable, "-m", "flows.cli", "retrain", "--study", "heart"], "      seeds: [0]\n"
    head, heart = params.read_text().split("\n  heart:\n")
    seconds = 60.0
    for turn in range(RETRAININGS + 1):
        params.write_text(f"{head}\n  heart:\n{heart.replace(seeds, f'      seeds: [{turn + 1}]', 1)}")
        before = study.registry.promotions()
        run = subprocess.Popen(command, cwd=project.folder, env=project.environment, start_new_session=True)
        if turn < RETRAININGS:
            time.sleep(chance.uniform(0, seconds))
            run.send_signal(signal.SIGKILL)
        assert run.wait(timeout=600) in ((0, -9) if turn < RETRAININGS else (0,))
        after = study.registry.promotions()
        assert after.head(before.height).equals(before), "no promotion is lost"
        champion = study.registry.require_champion("heart")
        assert champion.path.is_file()
        assert study.tables.runs.read()["run_id"].is_unique().all()
        assert state_of(study.tables, NIGHT) is not None
    assert score_date(study, NIGHT, None)["n_people"] == 121


def publish(root: Path, date: str, gate: object, found: object) -> None:
    """A process that waits for the others, then scores a date."""
    gate.wait()  # type: ignore[attr-defined]
    try:
        row = score_date(Study(root, "heart"), date, None)
        found.put("unchanged" if row["unchanged"] else "published")  # type: ignore[attr-defined]
    except BusyError:
        found.put("busy")  # type: ignore[attr-defined]
    except BaseException as error:
        found.put(sentence_of(error))  # type: ignore[attr-defined]


def test_of_several_runs_of_one_date_at_once_one_publishes(project: Project) -> None:
    date, context, n = "2026-01-05", multiprocessing.get_context("forkserver"), 3
    drop = drop_of(project, date)
    context.set_forkserver_preload([*PREPARED, __name__])
    gate, found = context.Barrier(n), context.Queue()
    runs = [context.Process(target=publish, args=(project.folder, date, gate, found)) for _ in range(n)]
    for run in runs:
        run.start()
    said = [found.get(timeout=120) for _ in runs]
    for run in runs:
        run.join()
    assert said.count("published") == 1, said
    assert set(said) <= {"published", "busy", "unchanged"}, said
    rows = Study(project.folder, "heart").tables.runs.read(only=("batch", date))
    assert rows.height == 1
    shutil.rmtree(drop)
