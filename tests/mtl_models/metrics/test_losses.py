"""The loss alone is the loss among all metrics, in every replicate and for every kind."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_models.data.tasks import Task
from mtl_models.kinds import KINDS, kind_of
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.losses import score_loss
from mtl_models.metrics.score import loss_name, score_task

NAMES = {"classes": ("a", "b", "c"), "labels": ("x", "y", "never")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("varied", [True, False])
def test_the_loss_is_that_among_all_metrics(kind: str, varied: bool) -> None:
    generator, n = np.random.default_rng(0), 40
    names = KINDS[kind].names
    task = Task(name="task", kind=kind, **({names: NAMES[names]} if names else {}))  # type: ignore[arg-type]
    form = kind_of(task).form
    target = generator.integers(0, 3 if form == "classes" else 2, (n, len(task.target_columns))).astype(float)
    if names == "labels":
        target[:, 2] = 0
    target[:5] = np.nan
    target = target if varied else np.zeros_like(target)
    prediction = generator.dirichlet(np.ones(max(3, task.n_outputs)), n)[:, : task.n_outputs]
    counts = resample_counts(n, replicates=20, seed=0)
    alone, among = score_loss(task, target, prediction, counts), score_task(task, target, prediction, counts)
    name = loss_name(task)
    np.testing.assert_allclose(alone.metrics[name], among.metrics[name], rtol=1e-12)
    assert (alone.undefined, alone.left_out) == (among.undefined, among.left_out if varied else ())
    assert bool(alone.undefined) is not varied
