"""Health data are their owner's: by the modes of folders and files, with and without a group."""

from __future__ import annotations

import datetime as dt
import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from flows.project.access import apply
from flows.stores.registry import ModelRegistry
from flows.stores.tables import RejectTable, ScoreTable
from mtl_models.wording import SettingsError
from tests.support import readable

GROUP = grp.getgrgid(os.getgid()).gr_name
FRAME = pl.DataFrame({"score_date": [dt.date(2026, 11, 20)], "batch": ["2026-11-20"], "x": [1]})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A checkout as git makes it, with things that were made before anybody cared."""
    before = os.umask(0o022)
    (tmp_path / "params.yaml").write_text("studies: {}\n")
    for name in ("data/raw/heart/t.csv", "data/inbox/heart/x/t.csv", "models/heart/p.parquet", ".prefect/prefect.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    yield tmp_path
    os.umask(before)


def publish(project: Path) -> None:
    """A night's tables, and a promotion."""
    tables = project / "data" / "tables" / "heart"
    RejectTable(tables).replace("2026-11-20", FRAME)
    ScoreTable(tables).replace("2026-11-20", FRAME)
    (project / "model.onnx").write_bytes(b"one")
    registry = ModelRegistry(project / "data" / "registry" / "heart", tables / "champions")
    registry.promote(registry.register(project / "model.onnx", [], {}), "first", {})


def test_without_a_group_nobody_else_reads_anything(project: Path) -> None:
    assert readable(project, 0o004) > {"data/raw/heart/t.csv", "models/heart/p.parquet"}
    apply(project)
    publish(project)
    for who in (0o040, 0o004):
        assert readable(project, who) == {"params.yaml"}
    for path in (project / "data" / "tables").rglob("*"):
        assert not path.stat().st_mode & 0o077
    for name in ("data/raw", "data/inbox", "models", ".prefect", "data/tables"):
        assert stat.S_IMODE((project / name).stat().st_mode) == 0o700


def test_a_group_reads_the_published_tables_and_no_rejects(project: Path) -> None:
    publish(project)  # before the group was named
    (project / "params.yaml").write_text(f"access: {{group: {GROUP}}}\nstudies: {{}}\n")
    apply(project)
    first = readable(project, 0o040)
    publish(project)  # and after
    names = {Path(name).parts[3] for name in readable(project, 0o040) if name.startswith("data/tables")}
    assert names == {"scores", "champions"}
    assert len(readable(project, 0o040)) > len(first)
    tables = project / "data" / "tables" / "heart"
    for table in ("scores", "champions"):
        files = [path for path in (tables / table).rglob("*") if path.is_file()]
        assert all(path.stat().st_mode & 0o040 and path.stat().st_gid == os.getgid() for path in files)
    assert readable(project, 0o004) <= {"params.yaml", "model.onnx"}
    (project / "params.yaml").write_text("studies: {}\n")
    apply(project)
    assert not {name for name in readable(project, 0o040) if name.startswith("data/")}


def test_a_first_night_with_a_group_is_read_by_it(project: Path) -> None:
    (project / "params.yaml").write_text(f"access:\n  group: {GROUP}\nstudies: {{}}\n")
    apply(project)
    publish(project)
    names = {Path(name).parts[3] for name in readable(project, 0o040) if name.startswith("data/")}
    assert names == {"scores", "champions"}


def test_an_inbox_that_others_deliver_to_stays_theirs(project: Path) -> None:
    (project / "data" / "inbox").chmod(0o2775)
    apply(project)
    assert stat.S_IMODE((project / "data" / "inbox").stat().st_mode) == 0o2770


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("access: {group: no-such-group}", "access.group: this machine has no group 'no-such-group'"),
        ("access: {groups: staff}", "access.groups"),
        ("access: {group: [staff]}", "access.group"),
        ("access: staff", "access"),
    ],
)
def test_what_the_block_gets_wrong_is_one_sentence(project: Path, block: str, sentence: str) -> None:
    (project / "params.yaml").write_text(f"{block}\nstudies: {{}}\n")
    with pytest.raises(SettingsError) as caught:
        apply(project)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
