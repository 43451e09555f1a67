"""What the tasks must not see cannot reach the feature matrix."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from flows.features.build import build_features, study_features
from flows.features.view import hidden_patterns, is_hidden, visible_tables
from flows.settings import load_settings
from flows.stages.validate import read_valid
from mtl_models.data import PERSON
from mtl_models.tasks import Task
from schemas.contract import load_contract


@pytest.fixture(scope="module")
def hidden(root: Path) -> tuple[str, ...]:
    settings = load_settings(root, "nhanes")
    return hidden_patterns(settings.task_records, settings.known_later)


def test_the_task_records_give_the_published_core_view(root: Path, hidden: tuple[str, ...]) -> None:
    """Leaks and targets, written down once in the task records, are exactly what the benchmark hides."""
    benchmark = json.loads((root / "data" / "raw" / "nhanes" / "benchmark.json").read_text())
    contract = load_contract("nhanes")
    for table, model in contract.tables.items():
        for column in model.to_schema().columns:
            if column != contract.person_key:
                expected = table in benchmark["output_tables"] or column in benchmark["drop_columns"]
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

    assert build_features(people, tables, {"stolen": smuggler}).width == 2  # it works where nothing is hidden
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
