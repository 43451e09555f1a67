"""Training a network on labelled people, with validation-based early stopping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_models.data import Dataset, FeatureSpec
from mtl_models.history import Epoch, Fitted
from mtl_models.layout import plan_layout
from mtl_models.network import Network
from mtl_models.progress import progress_bar
from mtl_models.reproducible import reproducible
from mtl_models.run import Run
from mtl_models.settings import ModelSettings, TrainingSettings
from mtl_models.tasks import Task
from mtl_models.tensors import Tensors, task_losses

__all__ = ["Epoch", "Fitted", "Tensors", "fit", "task_losses"]


def fit(
    train: Dataset,
    valid: Dataset,
    spec: FeatureSpec,
    tasks: Sequence[Task],
    model: ModelSettings,
    training: TrainingSettings,
    *,
    seed: int | None = None,
    progress: bool = False,
    keep_own_best: bool = False,
) -> Fitted:
    """Train a network on ``train`` and keep the weights of the epoch that scores best on ``valid``.

    Args:
        tasks: the tasks to learn together; one for a single-task network.
        seed: instead of the first of ``training.seeds``.
        progress: show a progress bar, if standard error is a terminal.
        keep_own_best: keep each task's weights of its own best epoch as well, among the epochs up to the joint stop.

    Raises:
        ValueError: for settings that no part understands, or a task without a label in either part.
    """
    seed = training.seed if seed is None else seed
    with reproducible(seed, training.threads):
        network = Network(spec, tasks, model, plan_layout(spec, train.inputs))
        network.fit_statistics(train)
        run = Run(network, train, valid, training, np.random.default_rng(seed), seed=seed, keep_own_best=keep_own_best)
        title = f"{len(tasks)} tasks, seed {seed}" if len(tasks) > 1 else f"{tasks[0].name}, seed {seed}"
        with progress_bar(title, training.epochs, show=progress) as advance:
            for epoch in range(1, training.epochs + 1):
                record = run.epoch(epoch)
                advance(f"validation {record.score:.4f}, best {run.best.score:.4f} (epoch {run.best.epoch})")
                if epoch - run.best.epoch >= training.patience:
                    break
        return run.fitted()
