"""The heads that kinds of task name; a new one is a file beside these and its name here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from mtl_models.kinds import kind_of
from mtl_models.kinds.heads.base import Head
from mtl_models.kinds.heads.binary import LabelHead
from mtl_models.kinds.heads.classes import ClassHead, OrdinalHead
from mtl_models.kinds.heads.regression import RegressionHead

if TYPE_CHECKING:
    from mtl_models.data.tasks import Task


def head_class(task: Task) -> Callable[..., Head]:
    """The class of a task's head, made with the task, the widths and ``dropout`` and ``members``."""
    head = kind_of(task).head
    found: Callable[..., Head] = getattr(sys.modules[__name__], head) if isinstance(head, str) else head
    return found


__all__ = ["ClassHead", "Head", "LabelHead", "OrdinalHead", "RegressionHead", "head_class"]
