"""Which parameters the optimiser pulls towards zero, and which it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from mtl_models.network.network import Network


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
