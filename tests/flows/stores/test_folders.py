"""Paths are files, not URLs or patterns: what a folder may be called, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows.project.paths import check_folder, project_root
from flows.stores.delta import PartitionedTable
from flows.stores.delta_files import read_delta
from flows.stores.registry import ModelRegistry

NAMES = ["a b", "ü", "a#b", "a?b", "100%", "a'b", "x=1", "a&b;c", "{a}", "~a", "(a)", "a*", "日本", "nope<old>@"]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_written_and_read_in_a_folder_of_any_usual_name(tmp_path: Path, name: str) -> None:
    table = PartitionedTable(tmp_path / name / "scores", "day")
    for value in (1, 2):
        table.replace("a", pl.DataFrame({"day": ["a"], "x": [value], "words": [["one"]]}))
    table.replace("b", pl.DataFrame({"day": ["b"], "x": [3], "words": [["two", "three"]]}))
    assert table.read("a").rows() == [("a", 2, ["one"])]
    assert sorted(table.read()["x"]) == [2, 3]
    assert read_delta(table.folder, version=0)["x"].to_list() == [1]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a b", "a#b", "a?b"])
def test_the_champion_is_found_in_such_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.onnx").write_bytes(b"one")
    registry = ModelRegistry(tmp_path / name / "registry", tmp_path / name / "champions")
    version = registry.register(tmp_path / "model.onnx", [], {})
    registry.promote(version, "first", {})
    champion = registry.champion()
    assert champion is not None
    assert champion.version == version


@pytest.mark.parametrize("unfit", ["%20", "[", "]", "^", "|", "\\", "\n", ":", '"', "$", "`"])
def test_a_name_that_tables_do_not_survive_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unfit: str
) -> None:
    folder = tmp_path / f"a{unfit}b"
    folder.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        (folder / name).touch()
    monkeypatch.setenv("MTL_HEALTH_ROOT", str(folder))
    with pytest.raises(ValueError, match="rename or move the project"):
        project_root()
    with pytest.raises(ValueError, match="rename or move the project"):
        PartitionedTable(folder / "scores", "day")


def test_a_folder_whose_name_as_a_pattern_is_also_a_neighbours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a?b").mkdir()
    assert check_folder(tmp_path / "a?b")
    (tmp_path / "axb").mkdir()
    with pytest.raises(ValueError, match="neighbour"):
        check_folder(tmp_path / "a?b")


def test_the_root_may_be_named_relatively_or_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / "real").mkdir(exist_ok=True)
        (tmp_path / "real" / name).touch()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    for named in ("real", "real/", "./link/", str(tmp_path / "link")):
        monkeypatch.setenv("MTL_HEALTH_ROOT", named)
        assert project_root() == (tmp_path / "real").resolve()
    (tmp_path / "real" / "data").mkdir()
    monkeypatch.delenv("MTL_HEALTH_ROOT")
    monkeypatch.chdir(tmp_path / "link" / "data")
    assert project_root() == (tmp_path / "real").resolve()


def test_the_code_of_another_checkout_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a checkout is copied with its .venv, whose programs import the original."""
    for name in ("params.yaml", "dvc.yaml", "flows/project/paths.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("MTL_HEALTH_ROOT", str(tmp_path))
    with pytest.raises(ValueError, match=r"the code that runs is that of .*, not of this checkout.*rm -r \.venv"):
        project_root()
