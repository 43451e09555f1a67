"""A champion that is corrected: real nights in which more people have the disease, the gate, what follows from it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from flows.nightly import steps
from flows.nightly.champions import ROLLED_BACK
from flows.nightly.judging.evidence import Evidence
from flows.nightly.landing.alone import land_alone
from flows.nightly.promotion import ALREADY
from flows.nightly.promotion import promote as judge_and_promote
from flows.nightly.retrained import retrained_already
from flows.nightly.run import open_run
from flows.nightly.update.page import page_path
from flows.nightly.update.people import corrections_held, recent_people
from flows.nightly.update.run import Look, due, tasks_of, update
from flows.nightly.watch.reference import kept_reference
from flows.stores.registry import CORRECTS
from flows.stores.staging import staging
from flows.study.study import Study
from mtl_models.correction.record import KEY, Correction
from mtl_models.serving.scorer import Scorer
from tests.flows.support import run_all
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow


def day(later: int) -> str:
    """A date after the first night."""
    return (dt.date.fromisoformat(NIGHT) + dt.timedelta(days=later)).isoformat()


def newcomers(study: Study) -> pl.DataFrame:
    """The study's own people under other keys, all who are ill and a fifth of the others: more are ill than were."""
    people = pl.read_csv(study.paths.raw / "cleveland.csv", infer_schema=False)
    ill = people["target"].cast(pl.Int64) > 0
    drawn = pl.Series(np.random.default_rng(0).random(people.height) < 0.2)
    kept = people.filter(ill | drawn)
    return kept.with_columns((pl.lit("77") + pl.int_range(1000, 1000 + kept.height).cast(pl.String)).alias("id"))


def put(study: Study, date: str, people: pl.DataFrame) -> None:
    (study.inbox / date).mkdir(parents=True)
    people.write_csv(study.inbox / date / "cleveland.csv")


def score(study: Study, date: str) -> pl.DataFrame:
    """Score a date's drop as `score` does."""
    run = open_run(study, date)
    with staging(run.staging):
        steps.work_through_all(run)
        steps.publish(run)
    return study.tables.scores.read(date)


@pytest.fixture(scope="module")
def drifted(copy_night: Callable[[str], Project]) -> Project:
    """After a night of people of whom more are ill, and the landing of their outcomes ten days later."""
    project = copy_night("update")
    study = Study(project.folder, "heart")
    people = newcomers(study)
    put(study, day(1), people.drop("thal", "target", "ca"))
    put(study, day(11), people)
    score(study, day(1))
    land_alone(study, day(11))
    return project


def test_an_update_corrects_what_drifted_and_all_commands_tell_of_it(drifted: Project) -> None:
    study = Study(drifted.folder, "heart")
    base = study.registry.require_champion("heart").version
    waiting = update(study, day(9))
    assert not waiting["promoted"]
    assert "no outcome has come of people whom the champion's network scored" in waiting["details"]
    assert update(study, day(9))["unchanged"]
    assert not due(study, day(9))
    assert due(study, day(11))

    person = newcomers(study)["id"][0]
    first, again, history, champion = run_all(
        drifted,
        ["update", "--study", "heart", "--date", day(11)],
        ["update", "--study", "heart", "--date", day(11)],
        ["history", "--study", "heart"],
        ["champion", "--study", "heart"],
    )
    assert first[0] == 0, first
    assert "disease: a new intercept" in first[1]
    assert "champion, mean" in first[1]
    assert "nothing is new since the look of" in again[1]
    assert "correction of" in history[1]
    assert "correction of" in champion[1]

    registry = study.registry
    corrected = registry.require_champion("heart").version
    assert corrected != base
    registry.check(corrected)
    assert registry.network_of(corrected) == registry.manifest(corrected)[CORRECTS] == base
    held = corrections_held(registry, corrected, tasks_of(study))
    assert held["disease"].shift[0] > 0.3
    assert held["thal"].changes_nothing
    (page,) = registry.version_folder(corrected).glob("changes/*.html")
    record = page.read_text()
    for words in ("fitted on", "disease: a new intercept", "nats of likelihood", "numpy and onnxruntime agreed"):
        assert words in record
    update_page = page_path(study, day(11)).read_text()
    assert "The champion was corrected." in update_page
    told = json.dumps(registry.manifest(corrected)) + record + update_page
    assert not [key for key in newcomers(study)["id"] if key in told], "no person stands anywhere"

    # the training that there was brings nothing else, and its model does not come back by itself
    assert judge_and_promote(study, base).reason == ALREADY
    row = retrained_already(study, day(0))
    assert row is None or row["unchanged"]

    # a night of the corrected champion: the same columns, the corrected numbers
    before = study.tables.scores.read(day(1))
    put(study, day(12), newcomers(study).drop("thal", "target", "ca"))
    after = score(study, day(12))
    assert after.columns == before.columns
    ours = held["disease"].of(before.select("disease__p").to_numpy())[:, 0]
    np.testing.assert_allclose(after["disease__p"], ours, atol=1e-5)
    (cut,) = json.loads(Scorer(registry.path(corrected)).metadata["cuts"])["disease"]
    np.testing.assert_array_equal(after["disease"], (after["disease__p"] >= cut).cast(pl.Int8))
    (explained,) = run_all(drifted, ["explain-score", person, "--study", "heart", "--date", day(12)])
    assert f"the network of {base[:12]}, corrected" in explained[1]

    # what is kept beside it speaks of the corrected model
    learned = Evidence.of(registry, corrected).learned_from(newcomers(study)["id"])
    assert learned is not None
    assert 0.4 < learned.mean() < 0.8, "those that it was fitted on"  # type: ignore[operator]
    references = [kept_reference(registry, version) for version in (base, corrected)]
    edges = [np.array(each.bins["disease__p"].edges) for each in references if each]
    np.testing.assert_allclose(edges[1], held["disease"].of(edges[0][:, None])[:, 0])

    # who was scored before the correction counts as if the champion had scored them, and is not fitted on twice
    look = Look.at(study, day(12))
    recent = recent_people(study, look.champion, day(12), look.nights, tasks_of(study))
    assert recent.frame.is_empty(), "all outcomes that came have had their say"
    assert recent.n_scored > 0
    assert not due(study, day(12))

    rolled = run_all(drifted, ["rollback", "--study", "heart", "--because", "to see"])
    assert rolled[0][0] == 0, rolled
    assert registry.require_champion("heart").version == base
    assert registry.promotions()["reason"][-1].startswith(ROLLED_BACK)
    left = update(study, day(12))
    assert "was rolled back on" in left["details"]
    assert update(study, day(12), again=True)["promoted"], "who asks for it gets it again"


def test_people_who_are_as_they_were_change_nothing(copy_night: Callable[[str], Project]) -> None:
    """Outcomes are drawn from what the champion says of each."""
    project = copy_night("as before")
    study = Study(project.folder, "heart")
    people = newcomers(study)
    put(study, day(1), people.drop("thal", "target", "ca"))
    said = score(study, day(1))
    chance = people.select(pl.col("id").alias("person_id")).join(said, on="person_id", maintain_order="left")
    ill = np.random.default_rng(1).random(people.height) < chance["disease__p"].to_numpy()
    put(study, day(2), people.select("id", *people.columns[1:]).with_columns(pl.Series("target", ill.astype(int))))
    land_alone(study, day(2))
    row = update(study, day(2))
    tried = {each["part"]: each for each in json.loads(row["details"])["tried"]}
    assert tried["disease"]["chosen"] == "none"
    assert tried["disease"]["any_p"] > tried["disease"]["level"]


def test_a_second_correction_lies_on_the_first_and_on_one_network(drifted: Project) -> None:
    """Outcomes are drawn from what the corrected champion says, 1.5 logits lower."""
    study = Study(drifted.folder, "heart")
    registry, tasks = study.registry, tasks_of(study)
    base = registry.promotions()["model_version"][0]
    if registry.require_champion("heart").version == base:
        assert update(study, day(11), again=True)["promoted"]
    first = registry.require_champion("heart").version
    people = newcomers(study).with_columns(pl.col("id").str.replace("77", "88"))
    put(study, day(20), people.drop("thal", "target", "ca"))
    said = score(study, day(20))
    chance = people.select(pl.col("id").alias("person_id")).join(said, on="person_id", maintain_order="left")
    lower = Correction("logit", (1.0,), (-1.5,)).of(chance.select("disease__p").to_numpy())[:, 0]
    ill = np.random.default_rng(3).random(people.height) < lower
    put(study, day(30), people.with_columns(pl.Series("target", ill.astype(int))).drop("thal"))
    land_alone(study, day(30))
    row = update(study, day(30))
    assert row["promoted"], json.loads(row["details"])["reason"]
    second = row["model_version"]
    assert registry.network_of(second) == base
    one, two = (corrections_held(registry, version, tasks)["disease"] for version in (first, second))
    assert one.undone().then(two).shift[0] == pytest.approx(-1.5, abs=0.8)
    put(study, day(31), people.drop("thal", "target", "ca"))
    ours = one.undone().then(two).of(said.select("disease__p").to_numpy())[:, 0]
    np.testing.assert_allclose(score(study, day(31))["disease__p"], ours, atol=1e-5)


def test_before_a_correction_a_file_is_what_it_was(drifted: Project) -> None:
    study = Study(drifted.folder, "heart")
    first = study.registry.promotions()["model_version"][0]
    assert KEY not in Scorer(study.registry.path(first)).metadata
