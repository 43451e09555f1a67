"""A person has the same features whoever else is read with them: in every study, a shard is as good as the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.features.build import Tables
from flows.features.cohort import Cohort, cohort_of
from flows.stages.validate import split_tables
from flows.stores.valid import read_valid
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from tests.support import STUDIES


def valid_tables(study: Study, request: pytest.FixtureRequest) -> Tables:
    if study.name == "nhanes":
        return read_valid(study.name, request.getfixturevalue("valid_nhanes"))
    return {name: table.valid for name, table in split_tables(study, study.paths.raw).tables.items()}


@pytest.mark.parametrize("name", STUDIES)
def test_the_features_of_parts_are_those_of_the_whole(root: Path, name: str, request: pytest.FixtureRequest) -> None:
    """People are dealt out at random, so that what looks at neighbours shows; a shard holds neighbours."""
    study = Study(root, name)
    tables, key = valid_tables(study, request), study.contract.person_key

    def cohort(tables: Tables) -> Cohort:
        settings = study.settings
        return cohort_of(name, tables, settings.task_records, settings.known_later, may_be_empty=True)

    persons = tables[study.contract.person_table][key].sort()
    dealt = np.random.default_rng(0).integers(0, 3, len(persons))
    parts = [
        cohort({name: table.filter(pl.col(key).is_in(mine.implode())) for name, table in tables.items()})
        for mine in (persons.filter(pl.Series(dealt == part)) for part in range(3))
    ]
    whole = cohort(tables)
    assert_frame_equal(pl.concat([part.features for part in parts]).sort(PERSON), whole.features, check_exact=True)
    assert_frame_equal(pl.concat([part.excluded for part in parts]).sort(PERSON), whole.excluded, check_exact=True)
