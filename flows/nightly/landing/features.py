"""Features of people whose rows landed, made anew: for those who look at recent people by group, or with a file."""

from __future__ import annotations

import polars as pl

from flows.features.cohort import cohort_of
from flows.nightly.landing.newest import columns_of, newest_rows
from flows.nightly.landing.outcomes import text_of
from flows.study.study import Study
from schemas.fields import ModelView
from schemas.reading.text_table import TextTable
from schemas.splitting.study import split_tables


def landed_features(study: Study, until: str, people: pl.Series) -> pl.DataFrame:
    """The features of people by their newest rows, as they were known at the end of a date.

    Args:
        study: whose people they are.
        until: ISO date.
        people: their keys, as drops have them.

    Returns:
        ``person_id`` and the features of those who are in the cohort, in the order of their keys.

    Raises:
        FeatureError: with all that is wrong with the study's functions.
    """
    contract, settings = study.contract, study.settings
    texts: dict[str, TextTable] = {}
    for name, model in contract.tables.items():
        view = ModelView.of(model)
        rows = study.tables.landed.until(until, name, columns_of(view), people=people)
        texts[name] = text_of(name, newest_rows(rows, view), view)
    tables = {name: table.valid for name, table in split_tables(texts.get, contract).tables.items()}
    return cohort_of(study.name, tables, settings.task_records, settings.known_later, may_be_empty=True).features
