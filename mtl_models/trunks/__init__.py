"""Trunks by name: from the encoded row to one representation a task."""

from __future__ import annotations

from typing import Any

from mtl_models.trunks.cross_stitch import CrossStitchTrunk
from mtl_models.trunks.grouped import GroupedTrunk
from mtl_models.trunks.mmoe import MixtureTrunk
from mtl_models.trunks.ple import ProgressiveTrunk
from mtl_models.trunks.shared import SharedTrunk
from mtl_models.trunks.soft import SoftTrunk
from mtl_models.trunks.tabm import EnsembleTrunk

# a new trunk: a file beside this one with a Trunk that has an Options class, and a line here
TRUNKS: dict[str, Any] = {
    "shared": SharedTrunk,
    "soft": SoftTrunk,
    "cross_stitch": CrossStitchTrunk,
    "mmoe": MixtureTrunk,
    "ple": ProgressiveTrunk,
    "tabm": EnsembleTrunk,
    "grouped": GroupedTrunk,
}
