"""A trained network in one safetensors file with all that is needed to build it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save

from mtl_models.network.network import Network
from mtl_models.network.predictor import Predictor
from mtl_models.network.task_networks import TaskNetworks

_KEY = "network"


def save_network(network: Predictor, path: Path) -> None:
    """Write weights and buffers, and spec, tasks, settings and layout as JSON; the bytes depend on nothing else."""
    # one metadata key: the order of several is not stable
    metadata = {_KEY: json.dumps(network.record(), sort_keys=True)}
    # the preprocessing that several networks share is copied: a file holds no tensor twice
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    path.write_bytes(save(tensors, metadata=metadata))


def load_network(path: Path) -> Predictor:
    """The network that :func:`save_network` wrote, ready to predict.

    Raises:
        ValueError: if the file is not one of ours.
    """
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        if _KEY not in metadata:
            raise ValueError(f"{path.name} is a safetensors file without our metadata: train the model again")
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    network = _build(json.loads(metadata[_KEY]))
    network.load_state_dict(tensors)
    return network.eval()


def _build(record: dict[str, Any]) -> Network | TaskNetworks:
    """The network of a record, untrained."""
    return TaskNetworks.from_record(record) if "members" in record else Network.from_record(record)
