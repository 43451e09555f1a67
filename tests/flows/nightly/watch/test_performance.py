"""What came of past predictions: only outcomes of later count, undefined is undefined, persons by a hash are found."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest

from flows.nightly.landing.alone import land_alone
from flows.nightly.person_keys import person_keys
from flows.nightly.watch.performance import Figure, by_month, judged, watch_performance
from flows.nightly.watch.records import BEYOND, FINE, NOT_JUDGED, PERFORMANCE, Record
from flows.project.published import PublishedSettings
from flows.study.study import Study

SCORED, LANDED, MONTH = "2026-03-05", "2026-03-20", "2026-03"
HASHED = PublishedSettings(person_key="hashed", secret={"environment": "WATCH_KEY"})  # type: ignore[arg-type]


def heart(root: Path, folder: Path, *, hashed: bool = False) -> Study:
    """The study where sixty people were scored, as well as can be, and their outcomes came two weeks later."""
    shutil.copyfile(root / "params.yaml", folder / "params.yaml")
    shutil.copytree(root / "presets", folder / "presets")
    shutil.copytree(root / "data" / "raw" / "heart", folder / "data" / "raw" / "heart")
    study = Study(folder, "heart")
    if hashed:
        study = study.with_settings(study.settings.model_copy(update={"published": HASHED}))
    people = pl.read_csv(study.paths.raw / "cleveland.csv", infer_schema=False).head(60)
    people = people.with_columns(pl.Series("id", [str(900 + place) for place in range(60)]))
    (study.inbox / LANDED).mkdir(parents=True)
    people.write_csv(study.inbox / LANDED / "cleveland.csv")
    land_alone(study, LANDED)
    return study


def score(study: Study, date: str, *, better: bool = True, n: int = 60) -> None:
    people = pl.read_csv(study.inbox / LANDED / "cleveland.csv", infer_schema=False).head(n)
    ill = (pl.col("target").cast(pl.Int64) > 0).cast(pl.Float64)
    said = people.select(
        pl.col("id").alias("person_id"),
        pl.lit(date).str.to_date().alias("score_date"),
        (ill if better else 1 - ill).alias("disease__p"),
        pl.lit("0" * 64).alias("model_version"),
    )
    study.tables.scores.replace(date, person_keys(study).named(said).sort("person_id"))


def disease(study: Study, until: str) -> Record:
    dates = pl.DataFrame({"batch": [SCORED], "n_scored": [60]})
    (found,) = (each for each in watch_performance(study, until, dates) if each.name == "disease")
    assert (found.area, found.part, found.measure) == (PERFORMANCE, MONTH, "auroc")
    return found


@pytest.mark.parametrize("hashed", [False, True])
def test_outcomes_that_came_are_judged_and_others_are_awaited(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hashed: bool
) -> None:
    monkeypatch.setenv("WATCH_KEY", "k" * 40)
    study = heart(root, tmp_path, hashed=hashed)
    score(study, SCORED)
    before = disease(study, "2026-03-19")
    assert (before.n, before.value, before.state) == (0, None, NOT_JUDGED)
    assert before.words == "outcomes of 0 of 60 people have come"
    after = disease(study, LANDED)
    assert (after.n, after.value, after.low, after.high) == (60, 1, 1, 1)
    assert "outcomes of 60 of 60 people have come (100%)" in after.words


def test_what_was_known_before_or_of_few_or_of_one_class_gives_no_figure(root: Path, tmp_path: Path) -> None:
    study = heart(root, tmp_path)
    score(study, SCORED, n=7)
    few = disease(study, LANDED)
    assert (few.n, few.value) == (None, None)
    assert "AUROC is undefined: fewer than 10 people" in few.words
    known = study.tables.scores.read(SCORED).with_columns(score_date=dt.date(2026, 3, 21))
    study.tables.scores.remove(SCORED)
    study.tables.scores.replace("2026-03-21", known)
    dates = pl.DataFrame({"batch": ["2026-03-21"], "n_scored": [7]})
    assert {each.n for each in watch_performance(study, "2026-03-22", dates)} == {0}


def test_a_number_is_held_against_what_came_and_not_against_its_prediction(root: Path, tmp_path: Path) -> None:
    """Both stand under the same name."""
    shutil.copyfile(root / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(root / "presets", tmp_path / "presets")
    study = Study(tmp_path, "whas500")
    people = pl.read_csv(root / "data" / "raw" / "whas500" / "whas500.csv", infer_schema=False).head(60)
    (study.inbox / LANDED).mkdir(parents=True)
    people.write_csv(study.inbox / LANDED / "whas500.csv")
    land_alone(study, LANDED)
    mean = people["los"].cast(pl.Float64).log1p().mean()
    said = people.select(
        pl.col("id").alias("person_id"),
        pl.lit(SCORED).str.to_date().alias("score_date"),
        pl.lit(mean).alias("log_los"),
        pl.lit("0" * 64).alias("model_version"),
    )
    study.tables.scores.replace(SCORED, said.sort("person_id"))
    dates = pl.DataFrame({"batch": [SCORED], "n_scored": [60]})
    (found,) = (each for each in watch_performance(study, LANDED, dates) if each.name == "log_los")
    assert (found.n, found.value) == (60, 0.0), "the mean explains nothing"


def test_the_newest_month_that_could_be_judged_stands_for_a_task() -> None:
    states = {"2026-01": BEYOND, "2026-02": FINE, "2026-03": NOT_JUDGED}
    records = [
        Record(area=PERFORMANCE, measure="auroc", name="disease", part=month, state=state, words="none")
        for month, state in states.items()
    ]
    assert [(each.part, each.state) for each in by_month(records)] == [("2026-02", FINE)]


@pytest.mark.parametrize(
    ("figure", "usual", "state"),
    [
        (Figure(0.70, 0.66, 0.74), 0.8, BEYOND),
        (Figure(0.76, 0.74, 0.78), 0.8, FINE),  # surely worse, and by less than the limit
        (Figure(0.70, 0.55, 0.85), 0.8, FINE),  # few people: it may be as before
        (Figure(0.70, None, None), 0.8, NOT_JUDGED),
        (Figure(0.70, 0.66, 0.74), None, NOT_JUDGED),
        (Figure(why="nobody has a label"), 0.8, NOT_JUDGED),
    ],
)
def test_performance_is_beyond_its_limit_if_it_is_much_worse_and_surely_worse(
    figure: Figure, usual: float | None, state: str
) -> None:
    assert judged(figure, "auroc", usual, 0.05)[0] == state
