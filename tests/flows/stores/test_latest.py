"""The newest row of each person is that of the last date that has them, however many are looked at together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.stores import latest, stream
from flows.stores.delta import PartitionedTable
from flows.stores.latest import latest_rows

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]


def rows(day: date, people: list[str], **more: float) -> pl.DataFrame:
    made = pl.DataFrame({"person_id": people}, schema={"person_id": pl.String})
    risk = pl.lit(day.day, pl.Float64).alias("risk")
    return made.with_columns(
        pl.lit(day).alias("score_date"), risk, *(pl.lit(v).alias(name) for name, v in more.items())
    )


def table_of(folder: Path, dates: dict[date, list[str]]) -> Path:
    table = PartitionedTable(folder / "a b" / "scores", "score_date")
    for day, people in dates.items():
        table.replace(day.isoformat(), rows(day, sorted(people)))
    return table.folder


def newest(folder: Path, since: str = "") -> dict[str, int]:
    frames = list(latest_rows(folder, "score_date", "person_id", since=since))
    found = pl.concat(frames)
    assert found["person_id"].is_sorted()
    assert found["person_id"].is_unique().all()
    assert (found["risk"] == found["score_date"].dt.day()).all()
    return {person: day.day for person, day in found.select("person_id", "score_date").rows()}


def test_by_hand(tmp_path: Path) -> None:
    folder = table_of(tmp_path, {DAYS[1]: ["a", "b"], DAYS[0]: ["a", "c"], DAYS[2]: ["b", "d"]})
    assert newest(folder) == {"a": 2, "b": 3, "c": 1, "d": 3}
    assert newest(folder, "2026-01-02") == {"a": 2, "b": 3, "d": 3}
    wider = rows(DAYS[2], ["d"], alt=1.5)
    PartitionedTable(folder, "score_date").replace("2026-01-03", wider)
    found = pl.concat(latest_rows(folder, "score_date", "person_id"))
    assert found["alt"].to_list() == [None, None, None, 1.5]
    assert found["person_id"].to_list() == ["a", "b", "c", "d"]


@settings(max_examples=10, deadline=None)
@given(dates=st.lists(st.sets(st.sampled_from("abcdefghij")), min_size=3, max_size=3), at_once=st.integers(1, 4))
def test_whatever_the_dates_hold(dates: list[set[str]], at_once: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = table_of(tmp_path_factory.mktemp("latest"), dict(zip(DAYS, map(sorted, dates), strict=True)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latest, "ROWS", at_once)
        found = newest(folder)
    expected = {person: day.day for day, people in zip(DAYS, dates, strict=True) for person in people}
    assert found == expected


def test_a_date_of_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROWS", 100)
    monkeypatch.setattr(latest, "ROWS", 100)
    people = [f"{number:05}" for number in range(2_300)]
    folder = table_of(tmp_path, {DAYS[0]: people, DAYS[1]: people[500:1500]})
    assert len(list(folder.glob("*/*.parquet"))) > 3
    assert max(frame.height for frame in latest_rows(folder, "score_date", "person_id")) <= 200
    found = newest(folder)
    assert [found[person] for person in ("00000", "00500", "01499", "01500")] == [1, 2, 2, 1]
    assert len(found) == 2_300
