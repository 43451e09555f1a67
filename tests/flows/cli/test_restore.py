"""Which files DVC restores and keeps, and what git never sees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli.restore import restore, sample_files
from flows.nightly.reproduce import settle_git
from tests.support import ROOT, closed_to_us


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What git and DVC know of the project: the samples, their remote and what is ignored."""
    folder = tmp_path / "a b"
    for name in (".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "data" / "raw").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "raw" / "heart.dvc", folder / "data" / "raw")
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    return folder


def test_only_the_samples_are_restored(root: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    for path in sample_files(root):
        shutil.copy(path, tmp_path / "data" / "raw")
    (tmp_path / "data" / "raw" / "ours.dvc").write_text(
        "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  path: ours\n"
    )
    (tmp_path / "data" / "raw" / "empty.dvc").write_text("")
    names = [path.stem for path in sample_files(tmp_path)]
    assert names == ["heart", "nhanes", "nmes1988", "whas500"]


def test_a_folder_that_is_not_ours_to_read_is_no_folder_without_samples(project: Path) -> None:
    with closed_to_us(project / "data" / "raw"), pytest.raises(PermissionError):
        sample_files(project)


def test_a_tarball_without_git_is_restored_and_a_repository_later_on_is_noticed(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert restore(project) == 0
    table = project / "data" / "raw" / "heart" / "cleveland.csv"
    assert table.stat().st_nlink == 1  # a copy: an edit in place does not reach DVC's cache
    before = table.read_bytes()
    table.write_bytes(before + b"edited\n")
    again = subprocess.run(
        [sys.executable, "-m", "dvc", "pull", "--force", "data/raw/heart.dvc"],
        cwd=project,
        capture_output=True,
        check=True,
    )
    assert again.returncode == 0
    assert table.read_bytes() == before
    git(project, "init", "--quiet")
    settle_git(project)
    assert "no_scm" not in (project / ".dvc" / "config.local").read_text()
    (project / "data" / "raw" / "heart.dvc").write_text("outs:\n- md5: nonsense\n  path: heart\n  remote: samples\n")
    capfd.readouterr()
    assert restore(project) != 0
    assert "ERROR" in "".join(capfd.readouterr())  # DVC's own words


def test_git_sees_no_data_of_a_new_study_but_its_dvc_file(project: Path) -> None:
    git(project, "init", "--quiet")
    data = project / "data"
    for name in (
        "raw/mine/t.csv",
        "raw/loose.csv",
        "inbox/mine/2026-11-20/t.csv",
        "staging/mine/t.parquet",
        "new/t.csv",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("id,x\n1,2\n")
    (data / "raw" / "link").symlink_to(project.parent)
    for name in ("rejects.parquet", "core", "core.4711", "models/mine/predictions.parquet", ".prefect/prefect.db"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    git(project, "add", "--all")
    tracked = {name for name in git(project, "ls-files").splitlines() if not name.startswith("data/samples/")}
    assert tracked == {".dvc/.gitignore", ".dvc/config", ".dvcignore", ".gitignore", "data/raw/heart.dvc"}
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    subprocess.run(
        [sys.executable, "-m", "dvc", "add", "--quiet", "data/raw/mine"], cwd=project, env=environment, check=True
    )
    assert git(project, "status", "--short", "--untracked-files=all").splitlines()[-1] == "?? data/raw/mine.dvc"


def test_dvc_finds_the_studies_that_git_ignores(project: Path) -> None:
    from dvc.repo import Repo

    git(project, "init", "--quiet")
    (project / "data" / "raw" / "ours.dvc").write_text("outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  path: ours\n")
    with Repo(str(project)) as repo:
        assert {Path(out.fspath).name for out in repo.index.outs} == {"heart", "ours"}


def test_nothing_that_is_tracked_is_ignored() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not in a git repository")
    assert git(ROOT, "ls-files", "--cached", "--ignored", "--exclude-standard") == ""
