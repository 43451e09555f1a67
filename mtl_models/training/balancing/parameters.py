"""Which parameters of a network the tasks share, and which are a task's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from mtl_models.network.network import Network


def split_parameters(network: Network) -> tuple[list[nn.Parameter], dict[str, list[nn.Parameter]]]:
    """Shared parameters, and each task's own by its name.

    A task's own parameters are those of its head. All others are shared, also where a trunk has a part that a single
    task reads (a gate, a tower): such a part is upstream of what the heads read, and gets no gradient from the others.

    Raises:
        ValueError: for a parameter that a head has in common with another head or with what lies upstream.
    """
    own = {task.name: list(network.head(task.name).parameters()) for task in network.tasks}
    shared = [parameter for name, parameter in network.named_parameters() if not name.startswith("heads.")]
    seen = {id(parameter) for parameter in shared}
    for task, parameters in own.items():
        if any(id(parameter) in seen for parameter in parameters):
            raise ValueError(f"task {task}: its head has a parameter in common with another part of the network")
        seen |= {id(parameter) for parameter in parameters}
    return shared, own
