"""The state of one training run: steps, validation, and the weights that are kept."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mtl_models.data.dataset import Dataset
from mtl_models.network.blanking import TableBlanker
from mtl_models.network.network import Network
from mtl_models.settings import TrainingSettings
from mtl_models.training.affinity import AffinityMeter, EpochAffinity
from mtl_models.training.balancing import make_balancer
from mtl_models.training.devices import find_device, random_state, set_random_state
from mtl_models.training.history import Epoch, Fitted
from mtl_models.training.optimizer import make_optimizer, parameter_groups
from mtl_models.training.tensors import Batches, Tensors, batch_losses, task_losses

State = dict[str, Tensor]
TOGETHER = 256  # losses that are kept as one tensor


class Run:
    """One training run; ``epoch`` is called until it is long enough, then ``fitted``."""

    def __init__(
        self,
        network: Network,
        train: Dataset | Batches,
        valid: Dataset,
        training: TrainingSettings,
        order: np.random.Generator,
        *,
        seed: int,
        keep_own_best: bool = False,
    ) -> None:
        self.network, self.training, self.order = network, training, order
        device = self.device = find_device(training.device)
        self.bfloat16 = training.precision == "bfloat16"
        self.train = Tensors.of(train, network, device) if isinstance(train, Dataset) else train
        self.valid = Tensors.of(valid, network, device)
        self.baseline = _baseline_losses(network, self.valid)
        # built of the network's parts where these are now, on the CPU
        self.blank = (
            TableBlanker(network.spec, network.layout, network.preprocess, chance=training.blank_tables).to(device)
            if training.blank_tables
            else None
        )
        network.to(device)
        self.parameters = list(network.parameters())
        # the weights that are validated and kept: an average over the steps, or the trained ones themselves
        self.kept = copy.deepcopy(network) if training.ema else network
        self.averages = list(self.kept.parameters())
        self.average = get_ema_multi_avg_fn(training.ema)  # type: ignore[no-untyped-call]
        self.balancer = make_balancer(training.balancing, network, seed=seed)
        self.optimizer = make_optimizer(training, parameter_groups(network, self.balancer.parameters()))
        rows = self.valid if training.measure_affinity == "valid" else None
        meter = AffinityMeter(network, step=training.learning_rate, valid=rows)
        self.meter = meter if training.measure_affinity else None
        self.affinity: list[EpochAffinity] = []
        self.history: list[Epoch] = []
        self.weights: State = {}
        self.keep_own_best = keep_own_best
        self.own_weights: dict[str, State] = {}

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation score so far, the earliest of equals."""
        return min(self.history, key=lambda epoch: epoch.score)

    def epoch(self, number: int) -> Epoch:
        """Train one epoch, validate, and keep the weights if they are the best so far."""
        train = self._train()
        self.balancer.end_epoch(train)
        if self.meter:
            self.affinity.append(self.meter.end_epoch())
        valid = _validate(self.kept, self.valid)
        scores = [valid[name] / self.baseline[name] for name in self.baseline]
        self.history.append(Epoch(epoch=number, train=train, valid=valid, score=float(np.mean(scores))))
        if not np.isfinite(self.history[-1].score):
            raise ValueError(f"training diverged in epoch {number}: lower training.learning_rate")
        if self.best.epoch == number:
            self.weights = _snapshot(self.kept)
        if self.keep_own_best:
            for task, loss in valid.items():
                if all(loss < epoch.valid[task] for epoch in self.history[:-1]):
                    self.own_weights[task] = _snapshot(self.kept)
        return self.history[-1]

    def fitted(self) -> Fitted:
        """The network with the weights of the best epoch."""
        own_best = {task: _with(self.network, weights) for task, weights in self.own_weights.items()}
        self.network.load_state_dict(self.weights)
        network = self.network.to("cpu").eval()
        return Fitted(network, tuple(self.history), self.best.epoch, tuple(self.affinity), own_best)

    def _train(self) -> dict[str, float]:
        """One pass over the training rows; mean loss by task."""
        self.network.train()
        losses = {task.name: _Losses() for task in self.network.tasks}
        for batch in self.train.batches(self.order, self.training.batch_size):
            if self.blank is not None:
                batch = replace(batch, prepared=self.blank(batch.prepared))
            for name, loss in self._step(batch).items():
                losses[name].append(loss)
        return {name: each.mean() for name, each in losses.items() if each.n}

    def _step(self, batch: Tensors) -> dict[str, Tensor]:
        """One step on a batch; its losses by task, none where no row has a label."""
        if self.meter:
            self.meter.measure(batch)
        random = random_state(self.device) if self.balancer.replays else None
        losses = batch_losses(self.network, batch, bfloat16=self.bfloat16)
        if not losses:
            return {}
        self.optimizer.zero_grad()
        self.balancer.backward(losses, self.network.penalty())
        if self.training.gradient_clip:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.training.gradient_clip)
        self.optimizer.step()
        if self.training.ema:
            self.average(self.averages, self.parameters, None)
        losses = {name: loss.detach() for name, loss in losses.items()}
        if random is not None:
            # the same dropout masks again: the change of the losses is the step's alone
            set_random_state(self.device, random)
            with torch.no_grad():
                after = batch_losses(self.network, batch, bfloat16=self.bfloat16)
            self.balancer.after_step(losses, after)
        return losses


class _Losses:
    """Losses of many batches: thousands of tensors of one number would keep memory from being given back."""

    def __init__(self) -> None:
        self.n = 0
        self._pieces: list[Tensor] = []
        self._last: list[Tensor] = []

    def append(self, loss: Tensor) -> None:
        self.n += 1
        self._last.append(loss)
        if len(self._last) == TOGETHER:
            self._pieces.append(torch.stack(self._last))
            self._last = []

    def mean(self) -> float:
        rest = [torch.stack(self._last)] if self._last else []
        return float(torch.cat([*self._pieces, *rest]).mean())


def _snapshot(network: Network) -> State:
    return {name: weight.detach().clone() for name, weight in network.state_dict().items()}


def _with(network: Network, weights: Mapping[str, Tensor]) -> Network:
    """A copy of a network with other weights, ready to predict."""
    other = copy.deepcopy(network)
    other.load_state_dict(weights)
    return other.to("cpu").eval()


@torch.no_grad()
def _validate(network: Network, valid: Tensors) -> dict[str, float]:
    """Validation loss by task."""
    network.eval()
    return {name: float(loss) for name, loss in batch_losses(network, valid).items()}


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
