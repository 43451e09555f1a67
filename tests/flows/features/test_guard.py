"""What a study's functions may get wrong: every fault at once, each said with its place and without a value."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from flows import features
from flows.features import heart
from flows.features.build import OwnDomain, Tables
from flows.features.cohort import cohort_of, cohort_spec, try_cohort
from flows.features.guard import FeatureError
from flows.features.lookup import study_features
from flows.features.targets import cohort_targets
from flows.project.processes import Ended
from flows.project.settings import StudySettings
from flows.study.load import load_settings
from mtl_models.data.dataset import PERSON
from schemas.contract import load_contract
from schemas.splitting.study import validate_folder

KEY = heart.KEY
BLOOD_PRESSURE = 172  # of several people; too large for Int8
Spoil = Callable[..., None]


@pytest.fixture(scope="module")
def settings(root: Path) -> StudySettings:
    return load_settings(root, "heart")


@pytest.fixture(scope="module")
def tables(root: Path) -> dict[str, pl.DataFrame]:
    result = validate_folder(root / "data" / "raw" / "heart", load_contract("heart"))
    return {name: table.valid for name, table in result.tables.items()}


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Replace parts of the study's definition."""

    def change(**parts: object) -> None:
        monkeypatch.setattr(heart, "STUDY", replace(heart.STUDY, **parts))  # type: ignore[arg-type]

    return change


def faults_of(tables: Tables, settings: StudySettings) -> str:
    with pytest.raises(FeatureError) as found:
        cohort_of("heart", tables, settings.task_records, settings.known_later)
    return "\n".join(found.value.sentences)


def reads_thal(tables: Tables) -> pl.DataFrame:
    return tables["cleveland"].select(KEY, "age", pl.col("thal").to_physical())


def casts_small(tables: Tables) -> pl.DataFrame:
    return tables["cleveland"].select(KEY, pl.col("trestbps").cast(pl.Int8))


def misspells(tables: Tables) -> pl.DataFrame:
    return tables["cleveland"].select(KEY, "restbps")


def asks_for_a_column_made_of_values(tables: Tables) -> pl.DataFrame:
    pressures = tables["cleveland"]["trestbps"].drop_nulls().cast(pl.String)
    return tables["cleveland"].select(KEY, pl.col(f"level {pressures.filter(pressures == str(BLOOD_PRESSURE))[0]}"))


def misspells_the_table(tables: Tables) -> pl.DataFrame:
    return tables["clevland"].select(KEY, "age")


def tells(tables: Tables) -> pl.DataFrame:
    raise ValueError(f"there is a pressure of {tables['cleveland']['trestbps'].max()}")


def quits(tables: Tables) -> pl.DataFrame:
    sys.exit(f"there is a pressure of {tables['cleveland']['trestbps'].max()}")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            reads_thal,
            "reads cleveland.thal, which is hidden: it is the target column of task thal and a leak of task disease",
        ),
        (casts_small, "fails with InvalidOperationError at column trestbps; the error's text is not shown"),
        (asks_for_a_column_made_of_values, "reads a column that no table has"),
        (tells, "fails with ValueError; the error's text is not shown"),
        (quits, "fails with SystemExit; the error's text is not shown"),
        (lambda tables: sys.exit(0), "fails with SystemExit"),
        (lambda tables: tables["cleveland"].select(KEY, "age").lazy(), "gives a LazyFrame"),
        (lambda tables: tables["cleveland"].select("age"), "gives no column person_id"),
        (lambda tables: tables["cleveland"].select(KEY.cast(pl.Int64), "age"), "gives person_id as Int64"),
        (lambda tables: pl.concat([tables["cleveland"].select(KEY, "age")] * 2), "gives a person twice"),
        (lambda tables: tables["cleveland"].select(KEY, x=pl.lit("a")), "is String; give a number or an Enum"),
    ],
)
def test_a_fault_is_said_with_its_domain_and_without_a_value(
    tables: Tables,
    settings: StudySettings,
    spoil: Spoil,
    function: Callable[[Tables], pl.DataFrame],
    said: str,
) -> None:
    spoil(domains={"new": function})
    sentence = faults_of(tables, settings)
    assert said in sentence
    assert "new" in sentence
    largest = tables["cleveland"]["trestbps"].max()
    assert str(BLOOD_PRESSURE) not in sentence
    assert str(largest) not in sentence


def test_a_signal_is_no_fault_of_a_function(tables: Tables, settings: StudySettings, spoil: Spoil) -> None:
    def ends(_: Tables) -> pl.DataFrame:
        raise Ended(143)

    spoil(domains={"new": ends})
    with pytest.raises(Ended):
        cohort_of("heart", tables, settings.task_records, settings.known_later)


def test_names_that_the_code_gets_wrong_are_named(tables: Tables, settings: StudySettings) -> None:
    """A name that stands in the study's module is no value."""
    source = (
        "from flows.features.heart import KEY\n"
        "def column(tables):\n    return tables['cleveland'].select(KEY, 'restbps')\n"
        "def table(tables):\n    return tables['clevland'].select(KEY, 'age')\n"
    )
    folder = Path(heart.__file__).parent / "misspelt.py"
    module = ModuleType("flows.features.heart.misspelt")
    module.__dict__["__loader__"] = SourceOf(source)
    exec(compile(source, str(folder), "exec"), module.__dict__)
    definition = replace(heart.STUDY, domains={"column": module.column, "table": module.table})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heart, "STUDY", definition)
        said = faults_of(tables, settings)
    assert "misspelt.py, line 3 (column) reads the column restbps, which no table has; the nearest is trestbps" in said
    assert "line 5 (table) reads 'clevland', which is no table of the contract; it has cleveland" in said


class SourceOf:
    """Gives the text of a module that is in no file, as loaders do."""

    def __init__(self, source: str) -> None:
        self.source = source

    def get_source(self, name: str) -> str:
        return self.source


def test_all_faults_come_at_once(tables: Tables, settings: StudySettings, spoil: Spoil) -> None:
    def nobody(tables: Tables) -> pl.DataFrame:
        return tables["cleveland"].select(KEY)

    spoil(people=nobody, domains={"one": reads_thal, "good": heart.demographic, "two": casts_small})
    cohort, faults = try_cohort("heart", tables, settings.task_records, settings.known_later)
    assert [any(word in fault for fault in faults) for word in ("`reason`", "domain one", "domain two")] == [True] * 3
    assert len(faults) == 3
    assert cohort.features.columns == [PERSON, "good__age", "good__sex"]


def test_an_own_domain_is_told_of_the_tasks_that_it_is_not_hidden_from(
    tables: Tables, settings: StudySettings, spoil: Spoil
) -> None:
    spoil(own={"scan": OwnDomain(hidden_from=("thal",), function=reads_thal)})
    sentence = faults_of(tables, settings)
    assert "domain scan" in sentence
    assert "a leak of task disease" in sentence
    assert "task thal" not in sentence


def test_a_cohort_of_nobody_is_a_fault(tables: Tables, settings: StudySettings, spoil: Spoil) -> None:
    spoil(people=lambda tables: tables["cleveland"].select(KEY, reason=pl.lit("left")))
    assert "nobody is in the cohort" in faults_of(tables, settings)


def test_nobody_lacks_the_person_table(tables: Tables, settings: StudySettings) -> None:
    cohort = cohort_of("heart", tables, settings.task_records, settings.known_later)
    spec = cohort_spec("heart", cohort, settings.task_records)
    assert all(not feature.tables for feature in spec.features)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({"disease": pl.lit(2)}, "task disease: its target disease has 303 of 303 values other than 0 and 1"),
        ({"thal": pl.lit(-1)}, "task thal: its target thal has 303 of 303 values other than the places 0 to 2"),
        ({"thal": pl.lit("normal")}, "task thal: its target thal is String; give the places 0 to 2"),
        ({"vessels": pl.lit(float("inf"))}, "task vessels: its target vessels has 303 of 303 values other than finite"),
        ({"vessels": None}, "gives no column vessels"),
    ],
)
def test_targets_are_what_their_kind_allows(
    tables: Tables, settings: StudySettings, spoil: Spoil, targets: dict[str, pl.Expr | None], said: str
) -> None:
    def spoilt(tables: Tables) -> pl.DataFrame:
        frame = heart.targets(tables)
        for name, expression in targets.items():
            frame = frame.drop(name) if expression is None else frame.with_columns(expression.alias(name))
        return frame

    spoil(targets=spoilt)
    people = tables["cleveland"].select(KEY)
    with pytest.raises(FeatureError, match=said):
        cohort_targets("heart", tables, people, (*settings.task_records, *settings.further_tasks))


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("spoilt_a", "STUDY = 3", "has no STUDY"),
        (
            "spoilt_b",
            "import nowhere_to_be_found",
            r"line 1: ModuleNotFoundError \(No module named 'nowhere_to_be_found'\)",
        ),
        ("spoilt_c", "\nSTUDY = [", "line 2, is not valid Python"),
        ("spoilt_d", "int('x233')", r"cannot be imported: flows/features/spoilt_d\.py, line 1: ValueError$"),
    ],
)
def test_a_module_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, source: str, said: str
) -> None:
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setattr(features, "__path__", [*features.__path__, str(tmp_path)])
    with pytest.raises(FeatureError, match=said) as found:
        study_features(name)
    assert "233" not in str(found.value)
