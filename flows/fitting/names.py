"""Names that the tables of predictions have in common."""

from __future__ import annotations

from mtl_models.data.dataset import PERSON

FINAL = "final"
"""The resample of the exported model."""
TWIN = "single_task"
WHOLE = "every table"
NO_OUTCOMES = "without any outcome's own columns"
KEYS = ["model", "seed", "resample", "part", PERSON]
