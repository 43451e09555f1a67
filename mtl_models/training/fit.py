"""Training a network on labelled people, or on what a teacher makes of them, with validation-based early stopping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import plan_layout
from mtl_models.network.network import Network
from mtl_models.network.task_networks import own_stops
from mtl_models.settings import DistillationSettings, TrainingSettings
from mtl_models.training.calibration import calibrate
from mtl_models.training.decisions import set_cuts
from mtl_models.training.devices import find_device
from mtl_models.training.distillation import boost, booster_settings, swap_columns, taught_dataset, teach
from mtl_models.training.history import Epoch, Fitted
from mtl_models.training.inputs import FitSettings, TrainingData
from mtl_models.training.progress import progress_bar
from mtl_models.training.reproducible import reproducible
from mtl_models.training.run import Run
from mtl_models.training.tensors import Batches, Tensors, task_losses

__all__ = ["Epoch", "FitSettings", "Fitted", "Tensors", "TrainingData", "fit", "task_losses"]


def fit(
    data: TrainingData,
    settings: FitSettings,
    *,
    seed: int | None = None,
    progress: bool = False,
    keep_own_best: bool = False,
) -> Fitted:
    """Train a network on ``data.train`` and keep the weights of the epoch that scores best on ``data.valid``.

    Args:
        seed: instead of the first of ``training.seeds``.
        progress: show a progress bar, if standard error is a terminal.
        keep_own_best: keep each task's weights of its own best epoch as well, among the epochs up to the joint stop.

    Raises:
        ValueError: for settings that no part understands, or a task without a label in either part.
    """
    training = settings.training
    find_device(training.device)
    seed = training.seed if seed is None else seed
    rows, tasks = data.train, tuple(data.tasks)
    if training.distillation is not None:
        with reproducible(seed, training.threads):
            rows = _taught(data, settings, training.distillation, seed)
        # auxiliary tasks taught the teacher: the student has nothing of them to give
        tasks = tuple(task for task in tasks if task.role == "main") or tasks
    with reproducible(seed, training.threads):
        network = Network(data.spec, tasks, settings.model, plan_layout(data.spec, data.train.inputs))
        network.fit_statistics(data.train)
        fitted = train_network(network, rows, data.valid, training, seed=seed, progress=progress, own=keep_own_best)
        if training.calibrate:
            fitted = replace(fitted, calibration=calibrate(fitted.network, data.valid))
        set_cuts(fitted.network, data.train, data.valid)
        return fitted


def train_network(
    network: Network,
    rows: Dataset | Batches,
    valid: Dataset,
    training: TrainingSettings,
    *,
    seed: int,
    progress: bool = False,
    own: bool = False,
) -> Fitted:
    """Train a network whose statistics are set, epoch by epoch, until no better one came for long enough."""
    order, own = np.random.default_rng(seed), own or training.stop == "own"
    run = Run(network, rows, valid, training, order, seed=seed, keep_own_best=own)
    tasks = network.tasks
    title = f"{len(tasks)} tasks, seed {seed}" if len(tasks) > 1 else f"{tasks[0].name}, seed {seed}"
    with progress_bar(title, training.epochs, show=progress) as advance:
        for epoch in range(1, training.epochs + 1):
            record = run.epoch(epoch)
            advance(f"validation {record.score:.4f}, best {run.best.score:.4f} (epoch {run.best.epoch})")
            if epoch - run.best.epoch >= training.patience:
                break
    return own_stops(run.fitted()) if training.stop == "own" else run.fitted()


def _taught(data: TrainingData, settings: FitSettings, distillation: DistillationSettings, seed: int) -> Dataset:
    """What a student of this seed learns: rows made of the training people's columns, and the teacher's outputs."""
    theirs, boosters = settings.teacher(), booster_settings(distillation, settings.baselines)
    theirs = replace(theirs, training=theirs.training.model_copy(update={"calibrate": False}))
    # seeds that no student has, and no other student's teacher
    seeds = [10_000 * (seed + 1) + number for number in range(distillation.networks)]
    networks = [fit(data, theirs, seed=each).network for each in seeds]
    swapped = swap_columns(data.train.inputs, data.spec, distillation, np.random.default_rng(seed))
    boosted = boost(data, swapped.whole, distillation, boosters, seed)
    return taught_dataset(swapped, teach(networks, boosted, swapped, distillation))
