"""Every hidden column, the tasks that it is hidden from, what these see, and what there is to foretell in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.check.leaks import seen
from flows.check.sources import features_of
from flows.features.cohort import Cohort, cohort_spec
from flows.features.view import is_hidden
from flows.project.settings import StudySettings
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from schemas.contract import load_contract

# people of a class and outside it, and with a number, for each one that a class must have
FOR_A_CLASS, FOR_A_NUMBER = 3, 10
MOST_CLASSES = 20


@dataclass(frozen=True)
class HiddenColumn:
    """A column, and the tasks that it is hidden from and that see the same features.

    Attributes:
        later: whether it is hidden only because it comes after the prediction moment.
        near: features that these tasks see and that are made of its table.
        rest: the other features that they see.
    """

    table: str
    column: str
    tasks: tuple[str, ...]
    later: bool
    near: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def name(self) -> str:
        """``TABLE.COLUMN``."""
        return f"{self.table}.{self.column}"


def hidden_columns(study: str, cohort: Cohort, settings: StudySettings) -> list[HiddenColumn]:
    """All of them; what ``near`` names for a task does not count among what it sees: it is known and said."""
    contract = load_contract(study)
    tasks = [task for task in settings.task_records if task.role == "main"]
    shown = seen(cohort_spec(study, cohort, tasks), settings).features
    tables = {each.name: each.tables or (contract.person_table,) for each in shown}
    groups: dict[tuple[str, str, bool, frozenset[str]], list[str]] = {}
    for task in tasks:
        known = _named_near(study, cohort, settings, task)
        mine = frozenset(each.name for each in shown if task.name not in each.hidden_from) - known
        for table, frame in cohort.tables.items():
            for column in frame.columns:
                own = is_hidden(table, column, (*task.columns, *task.leaks))
                if column != contract.person_key and (own or is_hidden(table, column, settings.known_later)):
                    groups.setdefault((table, column, not own, mine), []).append(task.name)
    return [
        HiddenColumn(
            table,
            column,
            tuple(names),
            later,
            near=tuple(name for name, read in tables.items() if name in mine and table in read),
            rest=tuple(name for name, read in tables.items() if name in mine and table not in read),
        )
        for (table, column, later, mine), names in groups.items()
    ]


def _named_near(study: str, cohort: Cohort, settings: StudySettings, task: Task) -> frozenset[str]:
    patterns = tuple(settings.near.get(task.name, {}))
    return frozenset().union(*features_of(study, cohort, settings, patterns).values()) if patterns else frozenset()


def values_of(study: str, cohort: Cohort, rows: np.ndarray, table: str, column: str) -> pl.Series:
    """The values of some people of the cohort, null for who is not in the table."""
    key = pl.col(load_contract(study).person_key).alias(PERSON)
    frame = cohort.tables[table].select(key, pl.col(column).alias("hidden"))
    return cohort.features.select(PERSON)[rows].join(frame, on=PERSON, how="left", maintain_order="left")["hidden"]


def facets(values: pl.Series, min_count: int) -> Iterator[np.ndarray]:
    """What there is to foretell: a number, each class, or, where only one value is ever written, whether it is.

    Facets of too few people are left out.
    """
    if values.dtype in (pl.String, pl.Categorical) or isinstance(values.dtype, pl.Enum):
        counts = values.drop_nulls().value_counts(sort=True).head(MOST_CLASSES)
        candidates = [
            np.where(values.is_null(), np.nan, (values == name).fill_null(False).to_numpy())
            for name in counts.get_column(values.name).to_list()
        ]
    else:
        number = values.dtype.is_numeric() or values.dtype == pl.Boolean
        found = (values if number else values.to_physical()).cast(pl.Float64).fill_nan(None)
        same = found.n_unique() - bool(found.null_count()) == 1
        candidates = [found.is_not_null().cast(pl.Float64).to_numpy() if same else found.to_numpy()]
    for candidate in candidates:
        known = candidate[np.isfinite(candidate)]
        distinct = np.unique(known)
        if len(distinct) == 2:
            enough = min((known == each).sum() for each in distinct) >= FOR_A_CLASS * min_count
        else:
            enough = len(distinct) > 2 and len(known) >= FOR_A_NUMBER * min_count
        if enough:
            yield np.where(np.isfinite(candidate), candidate, np.nan).astype(np.float64)
