"""A drop that cannot be used is one sentence, and the table stays; a night that is stopped is mended and said."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.doctor.examine import examine
from flows.nightly import steps, stopped
from flows.nightly.run import open_run
from flows.project.settings import ValidationSettings
from flows.stores.registry import PROFILE
from flows.stores.tables import RejectTable, RunLedger, ScoreTable
from flows.study.study import Study
from tests.flows.support import drop_of, run_all, version
from tests.support import Project

pytestmark = pytest.mark.slow


CASES = Path(__file__).parents[2] / "cases" / "heart"


def with_extra_column(text: str) -> str:
    return re.sub(r"(?m)$(?=\n)", ",9", text).replace(",9", ",extra", 1)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.unlink(), "cleveland"),
    "empty": (lambda path: path.write_bytes(b""), "cleveland.csv"),
    "encoding": (lambda path: path.write_bytes(path.read_text().encode("utf-16")), "cleveland.csv"),
    "extra column": (
        lambda path: path.write_text(with_extra_column(path.read_text())),
        "column number 13 is not in the contract",
    ),
    "duplicate key": (
        lambda path: path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n"),
        "cleveland.csv",
    ),
    "too many rejects": (
        lambda path: path.write_text(re.sub(r"(?m)^(\d+),\d+", r"\1,", path.read_text())),
        "rejected",
    ),
}


def test_a_bad_drop_is_one_sentence_and_the_table_stays(nightly: Project) -> None:
    before = version(nightly, "scores")
    dates = {name: f"2026-01-{day:02}" for day, name in enumerate(BAD, start=11)}
    drops = [drop_of(nightly, date) for date in dates.values()]
    try:
        for drop, (spoil, _) in zip(drops, BAD.values(), strict=True):
            spoil(drop / "cleveland.csv")
            (drop / "note.txt").write_text("so that the folder is not empty")
        done = run_all(nightly, *(["score", "--study", "heart", "--date", date] for date in dates.values()))
    finally:
        for drop in drops:
            shutil.rmtree(drop)
    for (name, (_, expected)), (code, _, said) in zip(BAD.items(), done, strict=True):
        assert code == 1, name
        assert "Traceback" not in said, name
        assert len([line for line in said.splitlines() if line.startswith("error:")]) == 1, said
        assert expected in said
    assert version(nightly, "scores") == before


def test_a_night_that_is_stopped_then_mended_then_said(nightly: Project) -> None:
    study, date = Study(nightly.folder, "heart"), "2026-02-01"
    paths, settings = study.paths, study.settings
    assert list((paths.registry / "versions").glob(f"*/{PROFILE}"))
    drop = paths.inbox / date
    shutil.copytree(CASES / "good120", drop)
    file = drop / "cleveland.csv"
    header, *rows = (line.split(",") for line in file.read_text().splitlines())
    for cells in rows[100:]:
        cells[header.index("age")] = ""
    file.write_text("".join(f"{','.join(cells)}\n" for cells in [header, *rows]))
    done = nightly.run("mtl-health", "score", "--study", "heart", "--date", date, check=False)
    assert done.returncode == 1
    assert "20 of 120 rows are rejected (16.7%, validation.max_reject_share allows 2.0%): age missing" in done.stderr
    assert f"the rejected rows with their reasons are in data/tables/heart/rejects, batch {date}-stopped" in done.stderr
    reason = r"cleveland +│ age +│ missing +│ row rejected +│ +20 "
    assert re.search(reason, done.stdout), "every reason is shown, and its column"
    late = nightly.run("mtl-health", "tonight", "--study", "heart", "--date", date, check=False)
    assert re.search(reason, late.stdout), "and kept for who looks in the morning"
    assert f"no scores for {date}: a limit stopped its drop; mend that and run" in late.stderr
    soon = dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC)
    named = {each.words: each.next for _, each in examine(nightly.folder, "heart", soon) if date in each.words}
    (words,) = (each for each in named if each.startswith(f"the night of {date} was not scored: its drop is refused: "))
    assert "20 of 120 rows are rejected (16.7%" in words
    assert named[words].startswith(f"mtl-health validate --study heart --scoring data/inbox/heart/{date}, ")
    rejects = RejectTable(paths.tables)
    assert rejects.read(f"{date}-stopped").height == 20
    assert ScoreTable(paths.tables).read(date).is_empty()

    shutil.copyfile(CASES / "chol_zero" / "cleveland.csv", file)
    done = nightly.run("mtl-health", "score", "--study", "heart", "--date", date, check=False)
    assert "cleveland.chol: 120 of 120 values were emptied" in done.stderr
    assert "it looks like zeros (120)" in done.stderr
    assert rejects.read(f"{date}-stopped").is_empty(), "the rejects of a drop replace those of the drop before"

    # what lands would be in the trainings of the tests to come
    said = settings.model_copy(update={"validation": ValidationSettings(floods="say"), "landing": False})
    run = open_run(study.with_settings(said), date)
    steps.work_through_all(run)
    assert not steps.Gathered(run).judgement().stops
    row = steps.publish(run)
    assert row["floods"].startswith("cleveland.chol: 120 of 120 values were emptied")
    held = RunLedger(paths.tables).find(run.run_id)
    assert held is not None
    assert held["floods"] == row["floods"]
    shown = nightly.run("mtl-health", "tonight", "--study", "heart", "--date", date).stdout
    assert "beyond its limit: cleveland.chol: 120 of 120 values" in shown
    assert f"the last drop of {date} was stopped: the scores below are of an earlier one" in shown
    stopped.clear(study, date)
    assert stopped.read(paths, date) is None
