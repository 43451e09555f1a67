"""A table that did not arrive costs the tasks that need it: what a night needs, and which tasks it withholds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from flows.features.build import Asked
from flows.features.guard import FeatureError
from flows.features.view import visible_tables
from flows.project.night import AbsenceSettings
from flows.study.study import Study
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from schemas.faults import TableFault
from schemas.splitting.study import split_tables

Costs = Mapping[str, Mapping[str, float]]
"""By table and task, the share by which the model's error grows on held-out people if the table has not arrived."""


class NothingSoundError(TableFault):
    """So many tables did not arrive that no task can be scored."""


@dataclass(frozen=True)
class Absence:
    """What a night lacks.

    Attributes:
        tables: those that did not arrive.
        withheld: the tasks that are not scored without them, each with the reason.
    """

    tables: tuple[str, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The reasons as every score row has them; None where all tasks are scored."""
        return "; ".join(f"{task}: {why}" for task, why in self.withheld.items()) or None

    @property
    def lines(self) -> str | None:
        """The reasons as the ledger has them, a line a task."""
        return "\n".join(f"{task}: {why}" for task, why in self.withheld.items()) or None

    def columns(self, tasks: Collection[Task]) -> tuple[str, ...]:
        """The published columns of the tasks that are withheld."""
        held = [task for task in tasks if task.name in self.withheld]
        return tuple(column.name for task in held for column in kind_of(task).published(task))

    def empty(self, scores: pl.DataFrame, tasks: Collection[Task]) -> pl.DataFrame:
        """Scores without those of the tasks that are withheld."""
        columns = self.columns(tasks)
        return scores.with_columns(pl.lit(None, scores.schema[name]).alias(name) for name in columns)


def needed_tables(study: Study) -> frozenset[str]:
    """The tables that no night can do without: that of the persons, and what tells who is in the cohort."""
    contract = study.contract
    blank = {name: each.valid for name, each in split_tables(lambda _: None, contract).tables.items()}
    asked = Asked(visible_tables(blank, study.hidden, contract.person_key))
    try:
        study.features.people(asked)
    except FeatureError:  # it cannot do with tables without rows: only those that the contract names may be absent
        return frozenset(contract.tables) - contract.optional
    return frozenset({contract.person_table, *asked.names})


def costs_of(evaluation: Mapping[str, Any]) -> Costs:
    """What a model's evaluation says of each table's absence; nothing where it was not measured."""
    found: dict[str, dict[str, float]] = {}
    for case, gains in evaluation.get("absence", {}).get("cases", {}).items():
        values = {task: gain.get("value") for task, gain in gains["tasks"].items()}
        found[case.removeprefix("without ")] = {task: -value for task, value in values.items() if value is not None}
    return found


def absence_of(
    absent: Sequence[str],
    spec: FeatureSpec,
    tasks: Collection[Task],
    *,
    optional: Collection[str],
    costs: Costs,
    settings: AbsenceSettings,
) -> Absence:
    """Which tasks are withheld when tables did not arrive.

    A task is withheld if it sees a feature of a table that the contract does not call optional; if without the tables
    its error on held-out people grows by more than ``max_cost`` (of several tables the costs are added up, which is
    near the truth where they are small); or, unless the one table's cost was measured, if more than
    ``max_feature_share`` of its features are made from them.

    Args:
        absent: the tables that did not arrive.
        spec: the features of the model.
        tasks: its tasks.
        optional: tables without which the model was made to do.
        costs: see :func:`costs_of`.
        settings: the limits.
    """
    withheld: dict[str, str] = {}
    for task in tasks:
        if task.role == "main" and (why := _why(task.name, absent, spec, optional, costs, settings)):
            withheld[task.name] = why
    return Absence(tuple(absent), withheld)


def _why(
    task: str,
    absent: Sequence[str],
    spec: FeatureSpec,
    optional: Collection[str],
    costs: Costs,
    limits: AbsenceSettings,
) -> str | None:
    seen = [set(feature.tables) for feature in spec.seen_by([task]).features]
    used = [table for table in absent if any(table in tables for tables in seen)]
    if needed := [table for table in used if table not in optional]:
        return f"{_listed(needed)} did not arrive, which the contract does not call optional"
    measured = {table: costs[table][task] for table in used if task in costs.get(table, {})}
    dear = sorted((table for table in measured if measured[table] > 0), key=lambda table: -measured[table])
    if (total := sum(measured[table] for table in dear)) > limits.max_cost:
        return f"{_listed(dear)} did not arrive, without which its error grows by {total:.0%}"
    if len(used) == len(measured) == 1:
        return None
    share = sum(bool(tables & set(used)) for tables in seen) / max(1, len(seen))
    if share > limits.max_feature_share:
        return f"{_listed(used)} did not arrive, from which {share:.0%} of its features are made"
    return None


def require_sound(absence: Absence, tasks: Collection[Task]) -> None:
    """Make sure that there is a task that can be scored.

    Raises:
        NothingSoundError: if there is none.
    """
    main = [task.name for task in tasks if task.role == "main"]
    if main and set(main) <= set(absence.withheld):
        raise NothingSoundError(
            "",
            f"without {_listed(absence.tables)} no outcome can be scored ({absence.text}): deliver what is missing, "
            "or change `absence` of the study in params.yaml",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
