"""Columns that complete a hidden one: found in real data as they were, and in columns made for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from flows.check.complements import complement_faults, complements
from flows.check.sources import features_of
from flows.features import nhanes
from flows.features.build import Tables
from flows.features.cohort import Cohort, cohort_of
from flows.features.labels import FINAL
from flows.features.nhanes.own import ticked
from flows.project.settings import StudySettings
from flows.stores.valid import read_valid
from flows.study.load import load_settings
from mtl_models.data.dataset import PERSON

OLD_LEAKS = {"hba1c": ["DIQ.*", "DR1TOT.DRQSDT7"], "diabetes": ["DIQ.*", "GHB.LBXGH", "DR1TOT.DRQSDT7"]}


def parts_of(people: pl.DataFrame) -> pl.DataFrame:
    """Everybody is trained on: what is looked at are columns, and outcomes nowhere."""
    return people.select(PERSON, pl.lit("train").alias(FINAL))


def diet_kinds(tables: Tables) -> pl.DataFrame:
    """The kinds of diet but the hidden one."""
    kinds = ("DRQSDT1", "DRQSDT2", "DRQSDT3", "DRQSDT9")
    diet = tables["DR1TOT"]
    return diet.select(nhanes.KEY, pl.col("DRQSDIET").alias("drqsdiet"), *ticked("DRQSDIET", *kinds))


def with_old_leaks(settings: StudySettings) -> StudySettings:
    tasks = [{**task, "leaks": OLD_LEAKS.get(task["name"], task.get("leaks", []))} for task in settings.tasks]
    return settings.model_copy(update={"tasks": tuple(tasks), "near": {}})


def test_the_diets_that_complete_the_diabetic_one_are_found_and_so_is_what_nearly_says_the_outcome(
    root: Path, valid_nhanes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NHANES as it was: the diabetic diet alone was hidden, and nothing was named as near."""
    domains = {**nhanes.STUDY.domains, "diet": diet_kinds}
    own = {name: each for name, each in nhanes.STUDY.own.items() if name != "special_diet"}
    monkeypatch.setattr(nhanes, "STUDY", replace(nhanes.STUDY, domains=domains, own=own))
    settings = with_old_leaks(load_settings(root, "nhanes"))
    cohort = cohort_of("nhanes", read_valid("nhanes", valid_nhanes), settings.task_records, settings.known_later)
    faults = list(complement_faults("nhanes", cohort, parts_of(cohort.features), settings))
    assert [fault.split(" is hidden from ")[0] for fault in faults] == ["DR1TOT.DRQSDT7", "DLQ.DLQ140", "DLQ.DLQ150"]
    assert "hidden from tasks hba1c and diabetes, but features diet__drqsdiet, diet__drqsdt1" in faults[0]
    assert "out of sample in 5,265 training people, and 0 from all features of other tables" in faults[0]
    assert "Hide DR1TOT.DRQSDIET, DR1TOT.DRQSDT1" in faults[0]
    assert "feature questionnaire__dlq110 tells it" in faults[2]


@pytest.fixture(scope="module")
def heart(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cohort, StudySettings]:
    from flows.stages.validate import validate
    from flows.study.study import Study

    valid = tmp_path_factory.mktemp("heart") / "valid"
    validate(Study(root, "heart"), root / "data" / "raw" / "heart", valid)
    settings = load_settings(root, "heart")
    tables = read_valid("heart", valid)
    return cohort_of("heart", tables, settings.task_records, settings.known_later), settings


REST = pl.col("chol") - 3 * pl.col("trestbps") - 2 * pl.col("thalach")
NEITHER = ((pl.col("age") > 50) & (pl.col("fbs") == 0) & (pl.col("exang") == 0)).cast(pl.Int8)


@pytest.mark.parametrize(
    ("hidden", "features"),
    [
        (REST.alias("ca"), {"chol", "trestbps", "thalach"}),
        (NEITHER.alias("ca"), {"age", "fbs", "exang"}),
        (pl.when(NEITHER == 1).then(1).alias("ca"), {"age", "fbs", "exang"}),
        ((1 / pl.col("age")).alias("ca"), {"age"}),
    ],
    ids=["a difference", "none of the others", "a tick", "another unit"],
)
def test_a_table_alone_completes_its_hidden_column(
    heart: tuple[Cohort, StudySettings], hidden: pl.Expr, features: set[str]
) -> None:
    """In a study of one table there is no other to compare with: together they tell far more than each apart."""
    cohort, settings = heart
    changed = replace(cohort, tables={"cleveland": cohort.tables["cleveland"].with_columns(hidden)})
    (found,) = complements("heart", changed, parts_of(cohort.features), settings)
    assert found.hidden.name == "cleveland.ca"
    assert {name.split("__")[1] for name in found.features} == features
    assert found.n == 303
    (fault,) = complement_faults("heart", changed, parts_of(cohort.features), settings)
    assert all(f"cleveland.{name}" in fault for name in features)
    named = {f"cleveland.{name}": "Known." for name in features}
    quiet = settings.model_copy(update={"near": {task: named for task in found.hidden.tasks}})
    assert complements("heart", changed, parts_of(cohort.features), quiet) == []


def test_a_hidden_column_of_chance_is_told_by_nothing(heart: tuple[Cohort, StudySettings]) -> None:
    cohort, settings = heart
    chance = pl.Series("ca", np.random.default_rng(0).normal(size=303))
    changed = replace(cohort, tables={"cleveland": cohort.tables["cleveland"].with_columns(chance)})
    assert complements("heart", changed, parts_of(cohort.features), settings) == []


def test_without_features_or_people_nothing_is_told(heart: tuple[Cohort, StudySettings]) -> None:
    cohort, settings = heart
    bare = replace(cohort, features=cohort.features.select(PERSON), sources={})
    assert complements("heart", bare, parts_of(cohort.features), settings) == []
    nobody = replace(cohort, features=cohort.features.clear())
    assert complements("heart", nobody, parts_of(nobody.features), settings) == []


def test_the_features_of_a_column(heart: tuple[Cohort, StudySettings]) -> None:
    cohort, settings = heart
    columns = ("cleveland.age", "cleveland.id", "cleveland.ca", "cleveland.*")
    age, key, hidden, every = features_of("heart", cohort, settings, columns).values()
    assert age == {"demographic__age"}
    assert key == hidden == frozenset()
    assert every == set(cohort.features.columns[1:])
