"""What the tasks must not see cannot reach the feature matrix."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from flows.features.build import build_features
from flows.features.cohort import cohort_of, cohort_spec
from flows.features.guard import FeatureError
from flows.features.lookup import study_features
from flows.features.view import hidden_patterns, is_hidden, own_tables, visible_tables
from flows.stages.features import cohort_features
from flows.stores.valid import read_valid
from flows.study.load import load_settings
from flows.study.naming.columns import pattern_fault
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, FeatureSpec
from mtl_models.data.tasks import Task
from schemas.contract import load_contract


@pytest.fixture(scope="module")
def hidden(root: Path) -> tuple[str, ...]:
    settings = load_settings(root, "nhanes")
    return hidden_patterns(settings.task_records, settings.known_later)


def test_the_task_records_give_the_published_core_view(root: Path, hidden: tuple[str, ...]) -> None:
    """What the benchmark hides is what the task records hide, and the diets that complete the diabetic one besides."""
    benchmark = json.loads((root / "data" / "raw" / "nhanes" / "benchmark.json").read_text())
    contract = load_contract("nhanes")
    for table, model in contract.tables.items():
        for column in model.to_schema().columns:
            if column != contract.person_key:
                expected = table in benchmark["output_tables"] or column in benchmark["drop_columns"]
                expected |= column.startswith(("DRQSDIET", "DRQSDT"))
                assert is_hidden(table, column, hidden) == expected, f"{table}.{column}"


@pytest.mark.parametrize(
    ("table", "column"), [("BMX", "BMXWT"), ("BPX", "BPXSY1"), ("DR1TOT", "DRQSDT7"), ("WHQ", "WHD020")]
)
def test_a_domain_cannot_smuggle_a_hidden_column(
    valid_nhanes: Path, hidden: tuple[str, ...], table: str, column: str
) -> None:
    tables = read_valid("nhanes", valid_nhanes)
    visible = visible_tables(tables, hidden, "SEQN")
    people = study_features("nhanes").people(visible)

    def smuggler(given: dict[str, pl.DataFrame]) -> pl.DataFrame:
        return given[table].select(pl.col("SEQN").alias(PERSON), column)

    assert build_features(people, tables, {"stolen": smuggler}).features.width == 2  # it works where nothing is hidden
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        build_features(people, visible, {"stolen": smuggler})


@pytest.mark.parametrize("table", ["DIQ", "MCQ", "DPQ", "HSQ", "DXX", "DR2TOT", "TCHOL", "HDL", "GHB"])
def test_a_wholly_hidden_table_is_not_there(valid_nhanes: Path, hidden: tuple[str, ...], table: str) -> None:
    assert table not in visible_tables(read_valid("nhanes", valid_nhanes), hidden, "SEQN")


def test_no_column_of_an_auxiliary_task_is_visible() -> None:
    task = Task(name="hdl", kind="regression", columns=("HDL.LBDHDD",), leaks=("TCHOL.*",), role="auxiliary")
    patterns = hidden_patterns([task], known_later=["DXX.*"])
    assert is_hidden("HDL", "LBDHDD", patterns)
    assert is_hidden("TCHOL", "LBXTC", patterns)
    assert is_hidden("DXX", "DXDTOPF", patterns)
    assert not is_hidden("BMX", "BMXHT", patterns)


TASKS = ("tc", "weight", "sbp", "hba1c", "diabetes", "depression", "genhealth", "chronic")


@pytest.fixture(scope="module")
def own_view(root: Path, valid_nhanes: Path) -> tuple[pl.DataFrame, FeatureSpec]:
    settings = load_settings(root, "nhanes")
    cohort = cohort_features(Study(root, "nhanes"), valid_nhanes)
    return cohort.features, cohort_spec("nhanes", cohort, settings.task_records)


def test_the_own_view_reads_the_tables_that_the_benchmark_says(
    own_view: tuple[pl.DataFrame, FeatureSpec], root: Path
) -> None:
    """What a task sees beyond the core view comes from the tables of the benchmark's own view, less its own leaks."""
    benchmark = json.loads((root / "data" / "raw" / "nhanes" / "benchmark.json").read_text())
    _, spec = own_view
    core = {feature.name for feature in spec.core.features}
    for task in TASKS:
        extra = [feature for feature in spec.seen_by([task]).features if feature.name not in core]
        tables = {table for feature in extra for table in feature.tables}
        # depressed days and special diets are parts of tables whose rest is in the core view
        assert tables <= {*benchmark["view_own"][task], "DLQ", "DR1TOT"}, task
        assert tables >= set(benchmark["view_own"][task]), task


@pytest.mark.parametrize("task", TASKS)
def test_what_a_task_hides_changes_no_feature_that_it_sees(
    root: Path, valid_nhanes: Path, own_view: tuple[pl.DataFrame, FeatureSpec], tmp_path: Path, task: str
) -> None:
    """Every hidden column is emptied; the task's features are the same to the last bit, and others are not."""
    settings = load_settings(root, "nhanes")
    record = next(each for each in settings.task_records if each.name == task)
    hidden = (*record.columns, *record.leaks, *settings.known_later)
    shutil.copytree(valid_nhanes, tmp_path / "valid")
    for name, frame in read_valid("nhanes", valid_nhanes).items():
        gone = [column for column in frame.columns if column != "SEQN" and is_hidden(name, column, hidden)]
        empty = frame.with_columns(pl.lit(None).cast(frame.schema[column]).alias(column) for column in gone)
        empty.write_parquet(tmp_path / "valid" / f"{name}.parquet")
    found = cohort_features(Study(root, "nhanes"), tmp_path / "valid").features
    features, spec = own_view
    seen = [feature.name for feature in spec.seen_by([task]).features]
    assert found.select(seen).equals(features.select(seen))
    assert task == "tc" or not found.equals(features)  # cholesterol is read after the moment: nobody sees it


def test_an_own_domain_cannot_smuggle_another_tasks_column(root: Path, valid_nhanes: Path) -> None:
    settings = load_settings(root, "nhanes")
    tables = read_valid("nhanes", valid_nhanes)
    given = own_tables(tables, settings.task_records, settings.known_later, ("sbp",), "SEQN")
    assert "BPXSY1" in given["BPX"].columns
    assert "BMXHT" in given["BMX"].columns
    assert "BMXWT" not in given["BMX"].columns
    assert not {"DPQ", "DIQ", "MCQ", "HSQ", "TCHOL", "DXX"} & given.keys()
    both = own_tables(tables, settings.task_records, settings.known_later, ("hba1c", "diabetes"), "SEQN")
    assert "DIQ" in both
    assert "DIQ" not in own_tables(tables, settings.task_records, settings.known_later, ("diabetes",), "SEQN")


@pytest.mark.parametrize(("column", "table"), [("BMX.BMXWAIST", "BMX"), ("DPQ.*", "DPQ"), ("BPX.BPXDI1", "BPX")])
def test_an_auxiliary_column_is_a_feature_of_no_task(root: Path, valid_nhanes: Path, column: str, table: str) -> None:
    """Not of the own view either, where other outcomes' columns are features: the domain that reads it fails."""
    settings = load_settings(root, "nhanes")
    auxiliary = Task(name="further", kind="regression", columns=(column,), role="auxiliary")
    tasks = (*settings.task_records, auxiliary)
    tables = read_valid("nhanes", valid_nhanes)
    everybody = [task.name for task in tasks]
    given = own_tables(tables, tasks, settings.known_later, everybody, "SEQN")
    assert not any(is_hidden(table, name, (column,)) for name in given.get(table, pl.DataFrame()).columns)
    with pytest.raises(FeatureError, match=rf"{table}.*hidden: .*target column of task further"):
        cohort_of("nhanes", tables, tasks, settings.known_later)


@pytest.mark.parametrize("column", ["sample.yr", "lambda", "Resting BP", "BP [mmHg]", "a*b", "what?"])
def test_a_column_of_any_name_is_hidden_by_its_full_name(column: str) -> None:
    tables = {"visits": pl.DataFrame({"id": ["1"], column: [1], "age": [2]})}
    for pattern in (f"visits.{column}", "visits.*"):
        assert column not in visible_tables(tables, (pattern,), "id").get("visits", pl.DataFrame()).columns
    assert visible_tables(tables, (f"other.{column}",), "id")["visits"].columns == ["id", column, "age"]
    assert pattern_fault(f"visits.{column}", {"visits": [column, "age"]}, "id") is None
    assert pattern_fault(column, {"visits": [column, "age"]}, "id") == (
        f"{column!r} lacks its table: write TABLE.COLUMN; the nearest is {f'visits.{column}'!r}"
    )
