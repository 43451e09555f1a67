"""The optimiser: its steps, which parameters it pulls towards zero, and which it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from mtl_models.network.network import Network
from mtl_models.settings import TrainingSettings


def parameter_groups(network: Network, learned: Sequence[nn.Parameter]) -> list[dict[str, Any]]:
    """Groups for the optimiser, the first of which takes its own weight decay.

    Not pulled towards zero are what a balancer learns, and what encoder and trunk call ``undecayed``: a gate, a stitch
    or a scale of zero is no simpler network, it is another one.

    Args:
        learned: parameters of the balancer.
    """
    free = {id(parameter): parameter for part in (network.encoder, network.trunk) for parameter in part.undecayed()}
    decayed = [parameter for parameter in network.parameters() if id(parameter) not in free]
    undecayed = [parameter for parameter in network.parameters() if id(parameter) in free]
    groups: list[dict[str, Any]] = [{"params": decayed}]
    return groups + [{"params": part, "weight_decay": 0.0} for part in (undecayed, list(learned)) if part]


def make_optimizer(training: TrainingSettings, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """AdamW over groups of parameters, in one pass over the weights or in a pass for each of its terms."""
    fused, rate, decay = training.optimizer == "fused_adamw", training.learning_rate, training.weight_decay
    return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, foreach=not fused, fused=fused)
