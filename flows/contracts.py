"""The contract of a study's score table, derived from the tasks that are scored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.published import scores_schema

from mtl_models.tasks import Task


def scores_contract(tasks: Iterable[Task]) -> Any:
    """What the score table of ``tasks`` must look like: columns, types, units, ranges and allowed values."""
    return scores_schema(tasks=[task.to_dict() for task in tasks if task.role == "main"])
