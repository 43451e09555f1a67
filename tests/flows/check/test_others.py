"""What depends on the other people of a table is found before a night that reads people in shards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows.check.others import SIZES, others_faults, parts_of
from flows.features import heart
from flows.features.build import Tables
from flows.features.cohort import cohort_of
from flows.features.guard import FeatureError
from flows.project.settings import StudySettings
from flows.study.load import load_settings
from mtl_models.data.dataset import PERSON

AGE = pl.col("age")


@pytest.fixture(scope="module")
def settings(root: Path) -> StudySettings:
    return load_settings(root, "heart")


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Sixty people: one in eight is at the highest age, one in seven has no pressure."""
    pressure = [None if person % 7 == 0 else 120.0 if person % 3 else 140.0 for person in range(60)]
    return {
        "cleveland": pl.DataFrame(
            {
                "id": [f"{person:02}" for person in range(60)],
                "age": [float(min(30 + person % 8 * 5, 60)) for person in range(60)],
                "trestbps": pressure,
                "cp": ["typical" if person % 2 else "none" for person in range(60)],
            }
        )
    }


def found(
    monkeypatch: pytest.MonkeyPatch,
    tables: Tables,
    settings: StudySettings,
    function: Callable[[Tables], pl.DataFrame],
    people: Callable[[Tables], pl.DataFrame] = heart.people,
    said: tuple[str, ...] = (),
) -> list[str]:
    monkeypatch.setattr(heart, "STUDY", replace(heart.STUDY, people=people, domains={"new": function}, own={}))
    cohort = cohort_of("heart", tables, settings.task_records, settings.known_later)
    return others_faults("heart", cohort, settings, said)


def test_a_mean_over_the_table_is_named_by_function_and_feature(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, settings: StudySettings
) -> None:
    def age_of_all(tables: Tables) -> pl.DataFrame:
        return tables["cleveland"].select(heart.KEY, "age", older=AGE - AGE.mean())

    (fault,) = found(monkeypatch, tables, settings, age_of_all)
    assert fault.startswith("age_of_all of domain new of heart: feature new__older depends on who else is in the")
    assert "`.over()` the person key" in fault


@pytest.mark.parametrize(
    "feature",
    [
        AGE.rank(),
        (AGE - AGE.max()).sign(),
        AGE.shift(1),
        AGE.is_unique().cast(pl.Int8),
        pl.col("trestbps").fill_null(pl.col("trestbps").mean()),
        pl.col("trestbps").fill_null(pl.col("trestbps").mode(maintain_order=True).first()),
        pl.int_range(pl.len()),
        pl.lit(1.0) / pl.len(),
    ],
    ids=str,
)
def test_so_is_all_else_that_is_made_of_others(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, settings: StudySettings, feature: pl.Expr
) -> None:
    (fault,) = found(monkeypatch, tables, settings, lambda each: each["cleveland"].select(heart.KEY, new=feature))
    assert "feature new__new depends" in fault


def test_categories_that_are_taken_from_the_data_are_found(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, settings: StudySettings
) -> None:
    def pain(tables: Tables) -> pl.DataFrame:
        kinds = pl.Enum(tables["cleveland"]["cp"].unique().sort())
        return tables["cleveland"].select(heart.KEY, pl.col("cp").cast(kinds))

    (fault,) = found(monkeypatch, tables, settings, pain)
    assert "feature new__cp depends" in fault


def test_what_a_person_has_alone_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, settings: StudySettings
) -> None:
    def alone(tables: Tables) -> pl.DataFrame:
        mine = AGE.mean().over("id")
        return tables["cleveland"].select(heart.KEY, mean=mine, pressure="trestbps", ratio=pl.col("trestbps") / AGE)

    assert found(monkeypatch, tables, settings, alone) == []


def test_the_people_function_is_tried_too(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, settings: StudySettings
) -> None:
    def younger_half(tables: Tables) -> pl.DataFrame:
        reason = pl.when(AGE.rank("ordinal") > pl.len() / 2).then(pl.lit("outside the cohort: older"))
        return tables["cleveland"].select(heart.KEY, reason=reason)

    faults = found(monkeypatch, tables, settings, lambda each: each["cleveland"].select(heart.KEY, "age"), younger_half)
    assert [fault.partition(" depends")[0] for fault in faults] == [
        "the people function of heart: who is in the cohort"
    ]


def test_what_fails_with_few_people_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, settings: StudySettings
) -> None:
    def needs_many(tables: Tables) -> pl.DataFrame:
        if tables["cleveland"].height < 10:
            raise ValueError("too few")
        return tables["cleveland"].select(heart.KEY, "age")

    (fault,) = found(monkeypatch, tables, settings, needs_many)
    assert "domain new of heart" in fault
    assert fault.endswith("(tried with a few of its people, as a shard has them)")
    assert found(monkeypatch, tables, settings, needs_many, said=(fault,)) == []
    with pytest.raises(FeatureError):
        found(monkeypatch, {"cleveland": tables["cleveland"].head(5)}, settings, needs_many)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, 1000])
def test_parts_are_of_different_people_and_never_of_all(n: int) -> None:
    persons = pl.Series(PERSON, [f"{person:04}" for person in range(n)])
    parts = parts_of(persons)
    assert len(parts) == (len(SIZES) if n > 1 else 0)
    for part, size in zip(parts, SIZES, strict=False):
        assert 0 < part.n_unique() == len(part) == min(size, n // 2)
