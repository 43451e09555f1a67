"""The contract of a study's score table, derived from the tasks that are scored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from schemas.published import ScoreColumn, scores_schema


def scores_contract(tasks: Iterable[Task], *, withheld: Collection[str] | None = None) -> Any:
    """What the score table of ``tasks`` must look like: columns, types, units, ranges and allowed values.

    Args:
        tasks: those of the model.
        withheld: of one night, the names of the tasks that are not scored: their columns are empty and no others. Left
            out, the contract is that of all nights together.
    """
    published = [
        (task.name, column) for task in tasks if task.role == "main" for column in kind_of(task).published(task)
    ]
    empty = None if withheld is None else tuple(column.name for task, column in published if task in withheld)
    return scores_schema([ScoreColumn(**asdict(column)) for _, column in published], withheld=empty)


def meanings_of(tasks: Iterable[Task]) -> dict[str, str]:
    """What each column of predictions says, in words."""
    return {name: words for task in tasks if task.role == "main" for name, words in _meanings(task)}


def _meanings(task: Task) -> Iterator[tuple[str, str]]:
    names, kind = task.classes or task.labels, kind_of(task)
    yield task.name, f"{task.title}: {kind.says.format(rule=kind.rule_words(task), names=', '.join(names))}"
    for column, name in zip(task.prediction_columns, names or ("1",), strict=True):
        if column != task.name:
            yield column, f"{task.title}: probability of {name}"
