"""Training a network on labelled people, with validation-based early stopping."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mtl_models.data import Dataset, FeatureSpec
from mtl_models.layout import plan_layout
from mtl_models.network import Network
from mtl_models.preprocess import Prepared
from mtl_models.progress import progress_bar
from mtl_models.reproducible import reproducible
from mtl_models.settings import ModelSettings, TrainingSettings
from mtl_models.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch: mean training loss and validation loss a task, and the validation score (lower is better).

    The score is the mean over the main tasks of the validation loss divided by that of a constant prediction, the
    training rows' base rate.
    """

    epoch: int
    train: dict[str, float]
    valid: dict[str, float]
    score: float


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it came about; ``epoch`` is the one whose weights were kept."""

    network: Network
    history: tuple[Epoch, ...]
    epoch: int

    def history_records(self) -> list[dict[str, Any]]:
        """The history as plain JSON types."""
        return [asdict(epoch) for epoch in self.history]


@dataclass(frozen=True)
class Tensors:
    """A dataset on the training device, its inputs prepared."""

    prepared: Prepared
    targets: dict[str, Tensor]

    @classmethod
    @torch.no_grad()
    def of(cls, dataset: Dataset, network: Network, device: torch.device) -> Tensors:
        """Prepare a dataset's inputs and move the targets of the network's tasks."""
        numeric, categorical = torch.from_numpy(dataset.inputs.numeric), torch.from_numpy(dataset.inputs.categorical)
        prepared = Prepared(*(part.to(device) for part in network.preprocess(numeric, categorical)))
        targets = {
            task.name: torch.tensor(dataset.targets[task.name], dtype=torch.float32, device=device)
            for task in network.tasks
        }
        return cls(prepared, targets)

    def __len__(self) -> int:
        return len(self.prepared.values)

    def take(self, rows: Tensor) -> Tensors:
        """The rows of an index."""
        targets = {name: target[rows] for name, target in self.targets.items()}
        return Tensors(Prepared(*(part[rows] for part in self.prepared)), targets)


def task_losses(network: Network, raw: dict[str, Tensor], targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """Loss by task name; a task without a label among the rows is left out, not counted as zero."""
    return {
        name: network.head(name).loss(raw[name], target)
        for name, target in targets.items()
        if not bool(target.isnan().all())
    }


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
) -> Fitted:
    """Train a network on ``train`` and keep the weights of the epoch that scores best on ``valid``.

    Args:
        tasks: the tasks to learn together; one for a single-task network.
        seed: instead of the first of ``training.seeds``.
        progress: show a progress bar, if standard error is a terminal.

    Raises:
        ValueError: for settings that no part understands, or a task without a label in either part.
    """
    seed = training.seed if seed is None else seed
    with reproducible(seed, training.threads):
        network = Network(spec, tasks, model, plan_layout(spec, train.inputs))
        network.fit_statistics(train)
        run = _Run(network, train, valid, training, np.random.default_rng(seed))
        title = f"{len(tasks)} tasks, seed {seed}" if len(tasks) > 1 else f"{tasks[0].name}, seed {seed}"
        with progress_bar(title, training.epochs, show=progress) as advance:
            for epoch in range(1, training.epochs + 1):
                record = run.epoch(epoch)
                advance(f"validation {record.score:.4f}, best {run.best.score:.4f} (epoch {run.best.epoch})")
                if epoch - run.best.epoch >= training.patience:
                    break
        network.load_state_dict(run.weights)
        return Fitted(network.to("cpu").eval(), tuple(run.history), run.best.epoch)


class _Run:
    """The state of one training run."""

    def __init__(
        self, network: Network, train: Dataset, valid: Dataset, training: TrainingSettings, order: np.random.Generator
    ) -> None:
        self.network, self.training, self.order = network, training, order
        device = torch.device(training.device)
        self.train, self.valid = (Tensors.of(part, network, device) for part in (train, valid))
        self.baseline = _baseline_losses(network, self.valid)
        network.to(device)
        self.parameters = list(network.parameters())
        # the weights that are validated and kept: an average over the steps, or the trained ones themselves
        self.kept = copy.deepcopy(network) if training.ema else network
        self.averages = list(self.kept.parameters())
        self.average = get_ema_multi_avg_fn(training.ema)  # type: ignore[no-untyped-call]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=training.learning_rate, weight_decay=training.weight_decay, foreach=True
        )
        self.history: list[Epoch] = []
        self.weights: dict[str, Tensor] = {}

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation score so far, the earliest of equals."""
        return min(self.history, key=lambda epoch: epoch.score)

    def epoch(self, number: int) -> Epoch:
        """Train one epoch, validate, and keep the weights if they are the best so far."""
        train = self._train()
        valid = _validate(self.kept, self.valid)
        scores = [valid[name] / self.baseline[name] for name in self.baseline]
        self.history.append(Epoch(epoch=number, train=train, valid=valid, score=float(np.mean(scores))))
        if not np.isfinite(self.history[-1].score):
            raise ValueError(f"training diverged in epoch {number}: lower training.learning_rate")
        if self.best.epoch == number:
            self.weights = {name: weight.detach().clone() for name, weight in self.kept.state_dict().items()}
        return self.history[-1]

    def _train(self) -> dict[str, float]:
        """One pass over the training rows; mean loss by task."""
        self.network.train()
        rows = torch.from_numpy(self.order.permutation(len(self.train))).to(self.train.prepared.values.device)
        weights = {task.name: task.weight for task in self.network.tasks}
        losses: dict[str, list[Tensor]] = {name: [] for name in weights}
        for batch in (self.train.take(part) for part in torch.split(rows, self.training.batch_size)):
            found = task_losses(self.network, self.network.outputs(batch.prepared), batch.targets)
            if not found:
                continue
            self.optimizer.zero_grad()
            torch.autograd.backward(torch.stack([loss * weights[name] for name, loss in found.items()]).sum())
            if self.training.gradient_clip:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.training.gradient_clip)
            self.optimizer.step()
            if self.training.ema:
                self.average(self.averages, self.parameters, None)
            for name, loss in found.items():
                losses[name].append(loss.detach())
        return {name: float(torch.stack(each).mean()) for name, each in losses.items() if each}


@torch.no_grad()
def _validate(network: Network, valid: Tensors) -> dict[str, float]:
    """Validation loss by task."""
    network.eval()
    losses = task_losses(network, network.outputs(valid.prepared), valid.targets)
    return {name: float(loss) for name, loss in losses.items()}


@torch.no_grad()
def _baseline_losses(network: Network, valid: Tensors) -> dict[str, float]:
    """Validation loss of the training rows' base rates, for the main tasks that have a label."""
    main = [task.name for task in network.tasks if task.role == "main"] or [task.name for task in network.tasks]
    raw = {name: network.head(name).output.bias.expand(len(valid), -1) for name in main}
    targets = {name: valid.targets[name].to("cpu") for name in main}
    losses = {name: float(loss) for name, loss in task_losses(network, raw, targets).items()}
    if not losses:
        raise ValueError(f"none of the {len(valid)} validation rows has a label of any main task")
    return losses
