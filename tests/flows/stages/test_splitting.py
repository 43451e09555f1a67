"""A folder of raw tables that is split by shards gives what it gives at once, and tells nothing of the shards."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.project.hashing import sha256
from flows.project.paths import read_json
from flows.project.settings import ShardSettings
from flows.stages.validate import validate
from flows.study.load import load_settings
from flows.study.study import Study
from schemas.faults import TableFault

AT_ONCE = ShardSettings()


@pytest.fixture
def raw(root: Path, tmp_path: Path) -> Path:
    """The heart study's table with cells and keys of many kinds, a row with a field too few, and rows in no order."""
    folder = tmp_path / "raw"
    shutil.copytree(root / "data" / "raw" / "heart", folder)
    with (folder / "cleveland.csv").open(newline="") as opened:
        header, *rows = csv.reader(opened)
    rows[2][0], rows[9][1], rows[20][4], rows[33][3] = "abc", "", "unknown", "24,85"
    rows[40], rows[90] = rows[90], rows[40]
    del rows[60][-1]
    with (folder / "cleveland.csv").open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header, *rows])
    return folder


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    """One person of whom a cell was said again, and one who is new."""
    folder = tmp_path / "landed"
    (folder / "tables").mkdir(parents=True)
    columns = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca")
    pl.DataFrame(
        {
            "id": ["7", "9999"],
            **{name: pl.Series([None, None], dtype=pl.String) for name in (*columns, "thal", "target")},
            "file name": ["drop/cleveland.csv"] * 2,
            "line number": pl.Series([2, 3], dtype=pl.Int64),
        }
    ).with_columns(age=pl.Series(["71", "50"]), sex=pl.Series([None, "1"])).write_parquet(
        folder / "tables" / "cleveland.parquet"
    )
    return folder


def split(root: Path, raw: Path, target: Path, parting: ShardSettings, landed: Path | None = None) -> Path:
    settings = load_settings(root, "heart").model_copy(update={"shards": parting})
    study = Study(target.parent / "project", "heart", given=settings)
    study.root.mkdir(exist_ok=True)
    (study.root / "params.yaml").write_text("machines: {kind: serial}\n")
    validate(study, raw, target, landed=landed)
    assert not [path for path in study.paths.staging.rglob("*") if path.is_file()]
    return target


@pytest.mark.parametrize("takes_in", [False, True])
def test_shards_give_the_same_rows_rejects_and_counts(
    root: Path, raw: Path, landed: Path, tmp_path: Path, takes_in: bool
) -> None:
    extra = landed if takes_in else None
    once = split(root, raw, tmp_path / "once", AT_ONCE, extra)
    parted = [
        split(root, raw, tmp_path / str(people), ShardSettings(people=people, at_once_mb=0), extra)
        for people in (13, 90)
    ]
    names = sorted(path.name for path in once.iterdir())
    for folder in parted:
        assert sorted(path.name for path in folder.iterdir()) == names
        assert read_json(folder / "summary.json") == read_json(once / "summary.json")
        assert [sha256(folder / name) for name in names] == [sha256(parted[0] / name) for name in names]
    valid, rejects = (pl.read_parquet(once / f"{name}.parquet") for name in ("cleveland", "rejects"))
    assert rejects.height >= 2
    assert ("9999" in valid["id"]) == takes_in
    assert_frame_equal(pl.read_parquet(parted[0] / "cleveland.parquet"), valid.sort("id", maintain_order=True))
    assert_frame_equal(pl.read_parquet(parted[0] / "rejects.parquet").sort("line"), rejects.sort("line"))


def test_a_table_that_cannot_be_used_leaves_the_last_rows(root: Path, raw: Path, tmp_path: Path) -> None:
    """Whichever shard it is in."""
    by_shards = ShardSettings(people=50, at_once_mb=0)
    target = split(root, raw, tmp_path / "valid", by_shards)
    before = sha256(target / "cleveland.parquet")
    with (raw / "cleveland.csv").open("a") as file:
        file.write((raw / "cleveland.csv").read_text().splitlines()[-1] + os.linesep)
    with pytest.raises(TableFault, match="cleveland"):
        split(root, raw, target, by_shards)
    assert sha256(target / "cleveland.parquet") == before
