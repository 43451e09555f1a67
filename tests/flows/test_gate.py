"""The gate: a model against itself, a worse one, a better one, and missing labels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from flows.gate import compare
from flows.settings import GateSettings
from mtl_models.tasks import Task

TASKS = (Task(name="tc", kind="regression"), Task(name="ill", kind="binary"))
SETTINGS = GateSettings(replicates=200)


def people(n: int, noise: float, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Targets, and scores that miss them by ``noise``."""
    generator = np.random.default_rng(seed)
    tc, ill = generator.normal(size=n), (generator.random(n) < 0.3).astype(float)
    p = np.clip(np.where(ill == 1, 0.8, 0.2) + noise * generator.normal(size=n) / 5, 0.01, 0.99)
    targets = pl.DataFrame({"tc": tc, "ill": ill})
    return targets, pl.DataFrame({"tc": tc + noise * generator.normal(size=n), "ill__p": p})


def test_a_model_is_not_worse_than_itself() -> None:
    targets, scores = people(300, 1.0)
    verdict = compare(scores, scores, targets, TASKS, SETTINGS)
    assert verdict.passes
    assert (verdict.mean.value, verdict.mean.low, verdict.mean.high) == (0, 0, 0)


def test_a_clearly_worse_challenger_is_stopped_and_a_better_one_passes() -> None:
    targets, good = people(300, 0.5)
    _, bad = people(300, 1.5)
    stopped = compare(bad, good, targets, TASKS, SETTINGS)
    assert not stopped.passes
    assert stopped.mean.high < 0
    assert "worse beyond the interval" in stopped.words
    assert compare(good, bad, targets, TASKS, SETTINGS).passes


def test_gain_by_hand() -> None:
    """RMSE 1 instead of 2 is a gain of one half."""
    targets = pl.DataFrame({"tc": [0.0, 0.0, 0.0, 0.0]})
    new = pl.DataFrame({"tc": [1.0, -1.0, 1.0, -1.0]})
    verdict = compare(new, new * 2, targets, TASKS[:1], SETTINGS)
    assert verdict.tasks["tc"].value == pytest.approx(0.5)
    assert (verdict.mean.low, verdict.mean.high) == (0.5, 0.5)


def test_a_task_without_labels_does_not_count() -> None:
    targets, scores = people(300, 1.0)
    verdict = compare(scores, scores, targets.with_columns(ill=pl.lit(None, pl.Float64)), TASKS, SETTINGS)
    assert list(verdict.tasks) == ["tc"]
