"""The sample studies, and small folders made from them that a test may spoil."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.contract import Contract, load_contract
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder

RAW = Path(os.environ.get("MTL_HEALTH_RAW", Path(__file__).parents[2] / "data" / "raw"))


@pytest.fixture(scope="session")
def raw() -> Callable[[str], Path]:
    def folder(study: str) -> Path:
        if not (RAW / study).is_dir():
            pytest.skip(f"the sample study {study} is not in data/raw: restore it with dvc pull")
        return RAW / study

    return folder


@pytest.fixture(scope="session")
def nhanes(raw: Callable[[str], Path]) -> StudyResult:
    return validate_folder(raw("nhanes"), load_contract("nhanes"))


@pytest.fixture(scope="session")
def heart(raw: Callable[[str], Path]) -> StudyResult:
    return validate_folder(raw("heart"), load_contract("heart"))


@pytest.fixture(scope="session")
def mini() -> Contract:
    """DEMO and three tables with every kind of column."""
    tables = load_contract("nhanes").tables
    names = ("DEMO", "BPX", "SLQ", "DIQ", "DBQ")
    return Contract(study="mini", tables={name: tables[name] for name in names}, person_table="DEMO", person_key="SEQN")


Rows = list[dict[str, str]]


@pytest.fixture
def write(tmp_path: Path, mini: Contract) -> Callable[..., Path]:
    """Write the mini study as CSV: keyword ``TABLE=[{column: text}]``, unnamed columns blank, DEMO made up to suit."""

    def folder(**tables: Rows) -> Path:
        if "DEMO" not in tables:
            keys = dict.fromkeys(row["SEQN"] for rows in tables.values() for row in rows)
            tables["DEMO"] = [{"SEQN": key} for key in keys]
        for name, model in mini.tables.items():
            columns = list(model.to_schema().columns)
            given = tables.get(name, [])
            if name == "DEMO":
                given = [{"RIAGENDR": "Female", "RIDAGEYR": "40", **row} for row in given]
            with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(given)
        return tmp_path

    return folder
