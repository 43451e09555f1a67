"""A night whose drop, tables and scratch files lie on S3-compatible storage, against a real server."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from flows.nightly import steps
from flows.nightly.run import finished, open_run
from flows.nightly.sample import write_sample_drop
from flows.project.storage import place_of, send
from flows.stores.staging import staging
from flows.study.study import Study
from schemas.reading.places import options
from tests.flows.support import scores_of
from tests.support import NIGHT, Project, storage_server

pytestmark = pytest.mark.slow
BLOCKS = """
storage: {inbox: s3://health/in, tables: s3://health/tables, staging: s3://health/scratch}
machines: {kind: processes, workers: 2}
"""


def move_tables(project: Project) -> None:
    """The tables of promotions and runs go to the storage; what was published before stays where it is."""
    folder = project.folder / "data" / "tables" / "heart" / "champions"
    target = place_of("s3://health/tables/heart/champions")
    for path in folder.rglob("*"):
        if path.is_file():
            send(path, target / path.relative_to(folder).as_posix())


def looks_are_those_of_a_folder(project: Project, nightly: Project, person: str, *, run_id: str) -> None:
    """What the commands that only look, and `validate`, say of a storage is what they say of a folder."""
    night = ("--study", "heart", "--date", NIGHT)
    for command in (["champion", *night], ["tonight", *night], ["explain-score", person, *night]):
        there, here = (each.run("mtl-health", *command).stdout.split() for each in (project, nightly))
        same = [word for word in there if word in here]
        assert len(same) > 0.8 * len(here), command  # places differ, moments too, and how wide columns are
    assert run_id in there
    folder = f"s3://health/in/heart/{NIGHT}"
    rejects = project.folder / "rejects.parquet"
    said = project.run("mtl-health", "validate", "--study", "heart", "--scoring", folder, "--rejects", str(rejects))
    assert "columns compared with the champion's training data" in said.stdout
    assert pl.read_parquet(rejects).is_empty()
    nowhere = project.run("mtl-health", "validate", "--study", "heart", f"{folder}/nowhere", check=False)
    assert nowhere.returncode == 1
    assert "nowhere is not a folder: give the one that holds the tables of heart" in nowhere.stderr


def test_a_night_on_a_storage_is_the_night_of_a_folder(
    nightly: Project, copy_night: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_night("storage")
    with storage_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        params = project.folder / "params.yaml"
        head, mark, heart = params.read_text().partition("\n  heart:\n")
        params.write_text(f"{head}{mark}    shards: {{people: 100, at_once_mb: 0}}\n{heart}{BLOCKS}")
        move_tables(project)
        project.environment |= {**environment, "PREFECT_API_URL": nightly.environment["PREFECT_API_URL"]}
        night = ("--study", "heart", "--date", NIGHT)
        study = Study(project.folder, "heart")
        assert str(write_sample_drop(study, NIGHT)[0]) == f"s3://health/in/heart/{NIGHT}"
        assert "s3://health/tables/heart/scores" in project.run("mtl-health", "score", *night).stdout
        once = study.tables.scores.read(NIGHT)
        assert_frame_equal(once.drop("scored_at"), scores_of(nightly).drop("scored_at"))  # the run's id too
        assert "nothing had changed" in project.run("mtl-health", "score", *night).stdout
        looks_are_those_of_a_folder(project, nightly, once["person_id"][0], run_id=once["run_id"][0])
        # again, without shards and here: the date is replaced, and nothing is left of the work
        run = open_run(study, NIGHT)
        with staging(run.staging, project.folder / "held" / NIGHT):
            steps.work_through_all(run)
            steps.publish(run)
        assert_frame_equal(study.tables.scores.read().drop("scored_at"), once.drop("scored_at"))
        assert finished(run)
        assert DeltaTable(str(study.published / "scores"), storage_options=options(study.published)).version() == 1
        assert not [path for path in study.staging.rglob("*") if path.is_file()]
