"""What changes from the champion's tasks to the challenger's, and what of it the published scores cannot take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.nightly.score_contract import scores_contract
from flows.report.words import listing
from flows.stores.tables import ScoreTable
from mtl_models.data.tasks import Task


@dataclass(frozen=True)
class Changes:
    """The challenger's main tasks beside the champion's.

    Attributes:
        common: tasks that both predict in the same way: kind, classes, labels and unit.
        units: tasks whose unit is another one, in words.
        words: what else is to be said, a phrase each.
    """

    common: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @classmethod
    def between(cls, challenger: Sequence[Task], champion: Sequence[Task]) -> Changes:
        """The changes from one model's tasks to another's; none where there is no champion.

        A unit that only one of them names is said, and changes nothing: it may have been forgotten.
        """
        ours, theirs = ({task.name: task for task in tasks if task.role == "main"} for tasks in (challenger, champion))
        if not theirs:
            return cls()
        pairs = [(task, theirs[name]) for name, task in ours.items() if name in theirs]
        units = [(new, old) for new, old in pairs if new.unit and old.unit and new.unit != old.unit]
        named = [new.name for new, old in pairs if bool(new.unit) != bool(old.unit)]
        common = [new.name for new, old in pairs if _asks(new) == _asks(old) and (new, old) not in units]
        changed = [new.name for new, _ in pairs if new.name not in common]
        words = [
            f"{what}: {listing(names)}"
            for what, names in (
                ("new tasks", [name for name in ours if name not in theirs]),
                ("no longer predicted", [name for name in theirs if name not in ours]),
                ("predicted otherwise than before", changed),
                ("the unit was or is not named", named),
            )
            if names
        ]
        return cls(
            tuple(common),
            tuple(f"{new.name} is in {new.unit} and was in {old.unit}" for new, old in units),
            tuple(words),
        )


def _asks(task: Task) -> tuple[object, ...]:
    return task.kind, task.classes, task.labels


def table_conflicts(table: ScoreTable, tasks: Sequence[Task], changes: Changes) -> list[str]:
    """What of the scores of ``tasks`` does not fit into the published table, in words; new columns always do.

    A column that is gone or has another type would stop the night; another unit under the same name would mislead
    whoever reads the dates together.
    """
    columns = scores_contract(tasks).columns
    found = table.conflicts(pl.Schema({name: column.dtype.type for name, column in columns.items()}))
    return [*found, *changes.units] if table.exists() else found
