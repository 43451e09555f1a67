"""A kind of store that somebody adds: a class and a line in the registry."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from flows.nightly import steps
from flows.nightly.run import finished, open_run
from flows.project.paths import replace_file
from flows.stores.store import STORES, Look
from flows.study.study import Study
from tests.flows.support import drop_of
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow


class ParquetFolder:
    """A sink as somebody might add one: a folder of Parquet files, one a partition."""

    def __init__(self, folder: Path, partition: str, *, shared: bool = False) -> None:
        self.folder, self.partition = folder, partition

    def exists(self) -> bool:
        return any(self.folder.glob("*.parquet"))

    def version(self) -> int | None:
        return None

    def read(
        self, value: str | None = None, *, only: tuple[str, str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        files = sorted(self.folder.glob("*.parquet")) if value is None else [self.folder / f"{value}.parquet"]
        rows = pl.concat(pl.read_parquet(file) for file in files if file.is_file() or value is None)
        return rows if only is None else rows.filter(pl.col(only[0]) == only[1])

    def frames(
        self, value: str | None = None, *, only: tuple[str, str] | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        rows = self.read(value, only=only)
        yield rows if columns is None else rows.select(columns)

    def replace(self, value: str, rows: pl.DataFrame | Iterable[pl.DataFrame]) -> None:
        frame = rows if isinstance(rows, pl.DataFrame) else pl.concat(rows)
        replace_file(self.folder / f"{value or 'whole'}.parquet", frame.write_parquet)

    def look(self, value: str, column: str, *, version: int | None = None) -> Look | None:
        rows = self.read(value)
        empty = dict(zip(rows.columns, rows.null_count().row(0), strict=True))
        return Look(rows.height, rows.schema, empty, rows[column][0]) if rows.height else None

    def holds(self, value: str, column: str, text: str, *, version: int | None = None) -> int | None:
        rows = self.read(value)
        return rows.height if (rows[column] == text).all() else None

    def remove(self, value: str) -> None:
        (self.folder / f"{value}.parquet").unlink(missing_ok=True)

    def conflicts(self, schema: pl.Schema) -> list[str]:
        return []


def test_a_sink_of_ones_own_is_a_class_and_a_line_in_the_registry(
    nightly: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same night in another kind of store, champion, scores, rejects and run: the same scores stand there."""
    monkeypatch.setitem(STORES, "parquet", ParquetFolder)
    study, date = Study(nightly.folder, "heart"), "2026-03-01"
    champion, folder = study.registry.require_champion("heart"), drop_of(nightly, date)
    other = study.with_settings(study.settings.model_copy(update={"store": "parquet"}))
    tables = other.tables
    kept = [each.folder for each in (tables.scores, tables.rejects, tables.runs, tables.landed, tables.landings)]
    moved = [path.with_name(f"{path.name}-delta") for path in (*kept, other.registry.history.folder)]
    for path in moved:
        path.with_name(path.name.removesuffix("-delta")).rename(path)
    try:
        assert other.registry.champion() is None
        other.registry.promote(champion.version, "first in this store", {})
        run = open_run(other, date)
        steps.work_through_all(run)
        row = steps.publish(run)
        assert finished(run) == row
        assert [each.name for each in kept[0].iterdir()] == [f"{date}.parquet"]
        found = other.tables.scores.read(date).drop("score_date", "run_id", "scored_at")
    finally:
        for path in moved:
            shutil.rmtree(path.with_name(path.name.removesuffix("-delta")), ignore_errors=True)
            path.rename(path.with_name(path.name.removesuffix("-delta")))
        shutil.rmtree(folder)
        shutil.rmtree(run.staging, ignore_errors=True)
    assert found.equals(study.tables.scores.read(NIGHT).drop("score_date", "run_id", "scored_at"))
