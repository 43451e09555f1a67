"""What is wrong with the names in a study's block of params.yaml, all at once."""

from __future__ import annotations

from pathlib import Path

from flows.settings import read_study


def name_faults(root: Path, study: str) -> list[str]:
    """A sentence for every key, type and name of a study's block that does not hold; none for a sound block.

    Names are looked up in the contract, the registries of `mtl_models`, and the study's feature module. No data are
    read.
    """
    return read_study(root, study, depth="parts")[1]
