"""A function that cannot do without the rows of one of its tables is found before the night that lacks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows.check.absence import absence_faults
from flows.features import nhanes
from flows.features.build import Tables
from flows.features.cohort import cohort_of
from flows.project.settings import StudySettings
from flows.study.load import load_settings
from mtl_models.data.dataset import PERSON

KEY = pl.col("SEQN").alias(PERSON)


def above_the_first(tables: Tables) -> pl.DataFrame:
    first = tables["BPX"]["BPXPLS"][0]
    return tables["BPX"].select(KEY, faster=pl.col("BPXPLS") > first)


def test_every_domain_is_tried_without_each_table_that_it_reads(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: StudySettings = load_settings(root, "nhanes")
    people = pl.DataFrame({"SEQN": ["1", "2"], "RIDAGEYR": [30, 40]})
    tables = {
        "DEMO": people,
        "BPX": pl.DataFrame({"SEQN": ["1", "2"], "BPXPLS": [60, 70]}),
        "BMX": pl.DataFrame({"SEQN": ["1"], "BMXHT": [170.0]}),
    }
    domains = {"heart": (nhanes.height, above_the_first), "body": nhanes.height}
    monkeypatch.setattr(nhanes, "STUDY", replace(nhanes.STUDY, domains=domains, own={}))
    cohort = cohort_of("nhanes", tables, settings.task_records, settings.known_later)
    (fault,) = absence_faults("nhanes", cohort, settings)
    assert "domain heart of nhanes" in fault
    assert "tried with one of its tables empty" in fault
