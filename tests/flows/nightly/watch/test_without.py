"""A drop lacks what tells the outcomes: its night is compared with what a model says of people who lack the same."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
import torch

from flows.features.cohort import cohort_of, cohort_spec
from flows.features.splits import read_splits
from flows.features.targets import cohort_targets
from flows.nightly.watch.counting import Counted, Reference
from flows.nightly.watch.records import BEYOND, NOT_JUDGED, Record
from flows.nightly.watch.reference import reference_of
from flows.nightly.watch.shift import domains_of, watch_shift
from flows.nightly.watch.without import Lacking, Without, reference_without
from flows.project.watch_settings import WatchSettings
from flows.stores.valid import read_valid
from flows.study.study import Study
from mtl_models.data.dataset import Dataset, Feature, FeatureSpec
from mtl_models.data.layout import plan_layout
from mtl_models.network.network import Network
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.settings import ModelSettings

FEATURES = (
    *("demographic__riagendr", "demographic__ridageyr", "lifestyle_diet__paq605"),
    *("body__bmxwt", "body__whd020", "diabetes_history__diq010"),
)
OUTCOMES = Lacking(("DIQ", "TCHOL"), ("BMX.BMXWT", "DLQ.DLQ140", "WHQ.WHD020"))


@dataclass(frozen=True)
class World:
    """NHANES with a network of five features and random weights; features of its people."""

    study: Study
    scorer: Scorer
    reference: Reference
    features: pl.DataFrame
    splits: pl.DataFrame

    def people(self, part: str) -> pl.DataFrame:
        return self.features.filter(self.splits["final"] == part)

    def watched(self, features: pl.DataFrame, without: Without) -> list[Record]:
        known = without.of(self.reference)
        counted = Counted.of(self.reference, features, self.scorer.score(features))
        tasks = {task.name: task.prediction_columns for task in self.scorer.tasks}
        return watch_shift(known, counted, domains_of(self.reference), tasks, WatchSettings(), 10, without.aside)


@pytest.fixture(scope="module")
def world(root: Path, valid_nhanes: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    here = tmp_path_factory.mktemp("without")
    study = Study(here, "nhanes", given=Study(root, "nhanes").settings)
    settings = study.settings
    shutil.copytree(valid_nhanes, study.paths.valid)
    cohort = cohort_of("nhanes", read_valid("nhanes", valid_nhanes), settings.task_records, settings.known_later)
    splits = read_splits(root / "data" / "raw" / "nhanes", settings.split, cohort.features)
    study.paths.features.mkdir(parents=True)
    splits.write_parquet(study.paths.features / "splits.parquet")
    whole = cohort_spec("nhanes", cohort, settings.task_records)
    spec = FeatureSpec(tuple(each for each in whole.features if each.name in FEATURES))
    tasks = tuple(task for task in settings.task_records if task.name in ("sbp", "diabetes"))
    targets = cohort_targets("nhanes", cohort.tables, cohort.features, tasks)
    dataset = Dataset.from_frames(cohort.features, targets, spec, tasks)
    torch.manual_seed(0)
    network = Network(spec, tasks, ModelSettings(view="own"), plan_layout(spec, dataset.inputs))
    network.fit_statistics(dataset)
    export_onnx(network.eval(), here / "model.onnx", metadata={}, check=dataset)
    version = study.registry.register(here / "model.onnx", [], {})
    scorer = Scorer(here / "model.onnx")
    learned, valid = (cohort.features.filter(splits["final"] == part) for part in ("train", "valid"))
    reference = reference_of(learned, cohort.features, scorer.score(valid), spec, tasks, {"demographic__riagendr": ()})
    assert version == scorer.sha256
    return World(study, scorer, reference, cohort.features, splits)


def lacking(features: pl.DataFrame) -> pl.DataFrame:
    gone = [name for name in FEATURES if name.startswith(("body", "diabetes"))]
    return features.with_columns(pl.lit(None, features.schema[name]).alias(name) for name in gone)


def test_a_night_without_outcomes_is_like_training_and_a_shift_in_it_is_found(world: World) -> None:
    study, version = world.study, world.scorer.sha256
    without = reference_without(study, version, world.reference, OUTCOMES)
    assert without.absent == {
        "body__bmxwt": "BMX came without what tells an outcome",
        "body__whd020": "WHQ came without what tells an outcome",
        "diabetes_history__diq010": "DIQ did not arrive",
    }
    held_out = lacking(world.people("valid"))
    by_hand = Counted.of(world.reference, held_out, world.scorer.score(held_out)).scores
    assert without.scores.keys() == by_hand.keys()
    assert all((without.scores[name] == counts).all() for name, counts in by_hand.items())

    night = lacking(world.people("test"))
    before = world.watched(night, Without())
    assert {each.name for each in before if each.state == BEYOND} >= {"body", "diabetes_history", "sbp", "diabetes"}
    after = world.watched(night, without)
    assert [each for each in after if each.state == BEYOND] == []
    aside = {each.name: each.words for each in after if each.state == NOT_JUDGED}
    assert (
        aside["body"] == "not compared: BMX came without what tells an outcome; WHQ came without what tells an outcome"
    )
    older = night.with_columns((pl.col("demographic__ridageyr") * 2).clip(0, 80))
    found = {(each.area, each.name) for each in world.watched(older, without) if each.state == BEYOND}
    assert ("inputs", "demographic") in found


def test_it_is_kept_and_where_it_cannot_be_made_scores_are_not_judged(world: World) -> None:
    study, version = world.study, world.scorer.sha256
    made = reference_without(study, version, world.reference, OUTCOMES)
    aside = study.paths.valid.rename(study.paths.valid.with_name("aside"))
    try:
        kept = reference_without(study, version, world.reference, replace(OUTCOMES, tables=("DIQ", "TCHOL", "DXX")))
        unknown = reference_without(study, version, world.reference, Lacking(("PAQ",)))
    finally:
        aside.rename(study.paths.valid)
    assert kept.absent == made.absent  # TCHOL and DXX are read by no feature of the model
    assert all((kept.scores[name] == counts).all() for name, counts in made.scores.items())
    assert list(unknown.absent) == ["lifestyle_diet__paq605"]
    records = world.watched(world.people("test"), unknown)
    assert {each.words for each in records if each.area == "scores"} == {
        "not compared: what it is without them is not known: no valid tables in data/valid/nhanes"
    }
    assert not [each for each in records if each.state == BEYOND]


def test_only_what_a_feature_may_read_makes_a_difference() -> None:
    validation = {
        "absent": ["LAB"],
        "tables": {
            "LAB": {"absent_columns": ["x"]},
            "ASK": {"absent_columns": ["told"]},
            "WHO": {"absent_columns": []},
        },
    }
    found = Lacking.of(validation)
    assert found == Lacking(("LAB",), ("ASK.told",))
    assert Lacking.of({}) == Lacking()
    core, own = Feature(name="a__b", domain="a", tables=("ASK",)), Feature(name="a__c", domain="a", tables=("LAB",))
    hidden = Feature(name="o__d", domain="o", tables=("ASK",), hidden_from=("ill",))
    assert [found.touches(each, "WHO") for each in (core, own, hidden)] == [False, True, True]
    assert found.of_features([core], "WHO") == Lacking((), ("ASK.told",))
    table = pl.DataFrame({"id": ["1", "2"], "told": [1, 2]})
    taken = found.taken_from({"LAB": table, "ASK": table, "WHO": table})
    assert taken["LAB"].is_empty()
    assert taken["ASK"].to_dict(as_series=False) == {"id": ["1", "2"], "told": [None, None]}
    assert taken["WHO"].equals(table)


def test_a_score_that_is_withheld_says_why_and_people_without_one_are_not_compared(world: World) -> None:
    night = world.people("test")
    counted = Counted.of(world.reference, night, world.scorer.score(night))
    counted.scores["sbp"][:, -1] = 500  # people without a score
    columns = {"sbp": ["sbp"], "diabetes": ["diabetes__p"]}
    found = watch_shift(
        world.reference, counted, {}, columns, WatchSettings(), 10, {"diabetes__p": "withheld, too few"}
    )
    assert [each.state for each in found if each.name == "diabetes"] == [NOT_JUDGED]
    assert not [each for each in found if each.state == BEYOND]
