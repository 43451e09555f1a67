"""Trunks by name: from the encoded row to one representation a task."""

from __future__ import annotations

from typing import Any

from mtl_models.registry import Registry

# a new trunk: a file beside this one with a Trunk that has an Options class, and a line here
TRUNKS: Registry[Any] = Registry(
    __name__,
    {
        "shared": "shared:SharedTrunk",
        "soft": "soft:SoftTrunk",
        "cross_stitch": "cross_stitch:CrossStitchTrunk",
        "mmoe": "mmoe:MixtureTrunk",
        "ple": "ple:ProgressiveTrunk",
        "tabm": "tabm:EnsembleTrunk",
        "grouped": "grouped:GroupedTrunk",
    },
)
