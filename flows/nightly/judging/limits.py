"""What the exported file itself must keep: agreement with torch, time, size."""

from __future__ import annotations

import time

import polars as pl

from flows.nightly.judging.checks import Check
from flows.project.gate_settings import LimitSettings
from flows.project.paths import read_json
from flows.stores.registry import ModelRegistry
from mtl_models.serving.scorer import Scorer

EXPORT = "export.json"
_ROWS, _TURNS = 1000, 3


def limit_checks(
    registry: ModelRegistry, version: str, scorer: Scorer, people: pl.DataFrame, limits: LimitSettings
) -> list[Check]:
    """The checks of a registered file; ``people`` are features to score."""
    size = registry.path(version).stat().st_size / 1e6
    return [
        _parity(registry, version),
        _seconds(scorer, people, limits.seconds_per_1000),
        Check.of("size", size <= limits.megabytes, f"{size:.2f} MB, limit {limits.megabytes:g} MB", megabytes=size),
    ]


def _parity(registry: ModelRegistry, version: str) -> Check:
    """The export fails where torch and onnxruntime differ; here its word is asked for, of this very file."""
    name = "parity"
    path = registry.companion(version, EXPORT)
    if path is None:
        return Check.of(
            name, False, f"no {EXPORT} beside the model says that torch and onnxruntime agree: export it anew"
        )
    export = read_json(path)
    n = export.get("n_parity_checked", 0)
    if export.get("sha256") != version or not n:
        return Check.of(name, False, f"{EXPORT} beside the model is of another file or of nobody: export it anew")
    who = export.get("agreed", "torch and onnxruntime")
    return Check.of(name, True, f"{who} agreed on {n:,} people when the file was made")


def _seconds(scorer: Scorer, people: pl.DataFrame, limit: float) -> Check:
    """The fastest of some turns: what else the machine does is not the model's."""
    rows = pl.concat([people] * -(-_ROWS // people.height)).head(_ROWS)
    turns = []
    for _ in range(_TURNS):
        started = time.perf_counter()
        scorer.score(rows)
        turns.append(time.perf_counter() - started)
    seconds = min(turns)
    return Check.of(
        "time", seconds <= limit, f"{seconds:.3f} s for a thousand people, limit {limit:g} s", seconds=seconds
    )
