"""Heads by the kind of task."""

from __future__ import annotations

from typing import Any

from mtl_models.kinds.heads.base import Head
from mtl_models.kinds.heads.binary import LabelHead
from mtl_models.kinds.heads.classes import ClassHead, OrdinalHead
from mtl_models.kinds.heads.regression import RegressionHead

# a new kind of task: its Head in a file beside this one, and a line here
HEADS: dict[str, Any] = {
    "regression": RegressionHead,
    "binary": LabelHead,
    "multilabel": LabelHead,
    "multiclass": ClassHead,
    "ordinal": OrdinalHead,
}

__all__ = ["HEADS", "Head"]
