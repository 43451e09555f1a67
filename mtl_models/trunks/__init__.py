"""Trunks by name: from the encoded row to one representation a task."""

from __future__ import annotations

from typing import Any

from mtl_models.trunks.shared import SharedTrunk

# a new trunk: a file beside this one with a Trunk that has an Options class, and a line here
TRUNKS: dict[str, Any] = {"shared": SharedTrunk}
