"""Rows that landed are taken in with a raw table: what they do not say stays, whatever the raw file's types."""

from __future__ import annotations

import polars as pl
import pytest

from schemas.contract import load_contract
from schemas.fields import ModelView
from schemas.reading.folder import find_table
from schemas.reading.source import read_table
from schemas.splitting.intake import FILE, LINE, landed_rows, with_landed
from schemas.splitting.study import split_tables
from tests.support import ROOT


@pytest.mark.parametrize(("study", "table"), [("heart", "cleveland"), ("nhanes", "DEMO"), ("whas500", "whas500")])
def test_a_row_that_says_nothing_changes_nothing(study: str, table: str) -> None:
    contract = load_contract(study)
    path, model = find_table(ROOT / "data" / "raw" / study, table), contract.tables[table]
    assert path is not None
    text, view = read_table(path, model, table=table), ModelView.of(model)
    known = text.frame[view.key].cast(pl.String)[3].removesuffix(".0")
    nothing = dict.fromkeys(view.rules) | {view.key: known, FILE: "2026-11-01/a.csv", LINE: 9}
    row = pl.DataFrame([nothing], schema={**dict.fromkeys(view.rules, pl.String), FILE: pl.String, LINE: pl.Int64})
    assert landed_rows(row, text, view).is_empty()
    before, after = (
        split_tables({table: each}.get, contract).tables[table] for each in (text, with_landed(text, row, view))
    )
    assert before.valid.equals(after.valid)
    assert before.summary() == after.summary()
