"""An outcome that was asked for as a task record, its kind guessed where it was not given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.new.asked import Outcome, Place
from flows.new.column import Column, Judgement
from flows.new.source import NewStudyError
from flows.new.words import MOST_NAMES
from mtl_models.data.tasks import Task
from mtl_models.kinds import KINDS
from mtl_models.wording import SettingsError


@dataclass(frozen=True)
class PlannedTask:
    """A task, the columns that it is read from, and what to look at."""

    task: Task
    places: tuple[Place, ...]
    judgements: tuple[Judgement, ...] = ()


def as_task(outcome: Outcome, columns: Sequence[Column]) -> PlannedTask:
    """The task of an outcome, from its columns as they were guessed.

    Raises:
        NewStudyError: if the columns hold something else.
    """
    column = columns[0]
    if any(each.theme == "constant" for one in columns for each in one.judgements):
        raise NewStudyError(
            f"--target {outcome.name}: {column.name} is the same for everybody, so nothing can be learned"
        )
    if len(column.classes) > MOST_NAMES:
        raise NewStudyError(
            f"--target {outcome.name}: {column.name} has {len(column.classes)} different answers, too many for classes"
        )
    kind = outcome.kind or _kind(column)
    if kind == "":
        raise NewStudyError(
            f"--target {outcome.name}: {column.name} holds one answer or nothing: write No where it is no"
        )
    judgements = [] if outcome.kind else [Judgement("outcome", column.name, f"{outcome.name} is learned as {kind}")]
    means = KINDS[kind]
    if means.ordered:
        judgements.append(Judgement("outcome", column.name, f"in this order: {', '.join(column.classes)}"))
    record = {
        "name": outcome.name,
        "kind": kind,
        "title": column.title if len(columns) == 1 else outcome.name.replace("_", " ").capitalize(),
        "unit": str(column.arguments.get("unit", "")) if means.form == "number" else "",
        "columns": [f"{place.table}.{place.column}" for place in outcome.places],
        "classes": list(column.classes) if means.names == "classes" else [],
        "labels": [each.name for each in columns] if means.names == "labels" else [],
    }
    try:
        return PlannedTask(Task.from_dict(record), outcome.places, tuple(judgements))
    except SettingsError as error:
        raise NewStudyError(*error.sentences) from None


def _kind(column: Column) -> str:
    """The kind that a column's own kind suggests; empty for one that is no outcome."""
    kinds = {"binary": "binary", "category": "multiclass", "flag": ""}
    return kinds.get(column.kind, "regression")
