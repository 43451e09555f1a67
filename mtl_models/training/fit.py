"""Training a network on labelled people, or on what a teacher makes of them, with validation-based early stopping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_models.baselines.settings import BaselineSettings
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.layout import plan_layout
from mtl_models.data.tasks import Task
from mtl_models.network.network import Network
from mtl_models.network.task_networks import own_stops
from mtl_models.settings import DistillationSettings, ModelSettings, TrainingSettings
from mtl_models.training.devices import find_device
from mtl_models.training.distillation import boost, booster_settings, swap_columns, taught_dataset, teach
from mtl_models.training.history import Epoch, Fitted
from mtl_models.training.progress import progress_bar
from mtl_models.training.reproducible import reproducible
from mtl_models.training.run import Run
from mtl_models.training.tensors import Tensors, task_losses

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
    baselines: BaselineSettings | None = None,
) -> Fitted:
    """Train a network on ``train`` and keep the weights of the epoch that scores best on ``valid``.

    Args:
        tasks: the tasks to learn together; one for a single-task network.
        seed: instead of the first of ``training.seeds``.
        progress: show a progress bar, if standard error is a terminal.
        keep_own_best: keep each task's weights of its own best epoch as well, among the epochs up to the joint stop.
        baselines: settings of the boosters of a teacher.

    Raises:
        ValueError: for settings that no part understands, or a task without a label in either part.
    """
    find_device(training.device)
    seed = training.seed if seed is None else seed
    rows = train
    if training.distillation is not None:
        settings = training.distillation
        with reproducible(seed, training.threads):
            rows = _taught(train, valid, spec, tasks, model, training, settings, seed, baselines or BaselineSettings())
        # auxiliary tasks taught the teacher: the student has nothing of them to give
        tasks = [task for task in tasks if task.role == "main"] or tasks
    with reproducible(seed, training.threads):
        network = Network(spec, tasks, model, plan_layout(spec, train.inputs))
        network.fit_statistics(train)
        keep_own_best = keep_own_best or training.stop == "own"
        run = Run(network, rows, valid, training, np.random.default_rng(seed), seed=seed, keep_own_best=keep_own_best)
        title = f"{len(tasks)} tasks, seed {seed}" if len(tasks) > 1 else f"{tasks[0].name}, seed {seed}"
        with progress_bar(title, training.epochs, show=progress) as advance:
            for epoch in range(1, training.epochs + 1):
                record = run.epoch(epoch)
                advance(f"validation {record.score:.4f}, best {run.best.score:.4f} (epoch {run.best.epoch})")
                if epoch - run.best.epoch >= training.patience:
                    break
        return own_stops(run.fitted()) if training.stop == "own" else run.fitted()


def _taught(
    train: Dataset,
    valid: Dataset,
    spec: FeatureSpec,
    tasks: Sequence[Task],
    model: ModelSettings,
    training: TrainingSettings,
    settings: DistillationSettings,
    seed: int,
    baselines: BaselineSettings,
) -> Dataset:
    """What a student of this seed learns: rows made of the training people's columns, and the teacher's outputs."""
    theirs, boosters = training.teacher(model), booster_settings(settings, baselines)
    # seeds that no student has, and no other student's teacher
    seeds = [10_000 * (seed + 1) + number for number in range(settings.networks)]
    networks = [fit(train, valid, spec, tasks, *theirs, seed=each).network for each in seeds]
    swapped = swap_columns(train.inputs, spec, settings, np.random.default_rng(seed))
    boosted = boost(train, valid, swapped.whole, spec, tasks, settings, boosters, seed)
    return taught_dataset(swapped, teach(networks, boosted, swapped, settings))
