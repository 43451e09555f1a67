"""A trained network in one safetensors file with all that is needed to build it again."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save

from mtl_models.data import FeatureSpec
from mtl_models.layout import Layout
from mtl_models.network import Network
from mtl_models.settings import ModelSettings
from mtl_models.tasks import load_tasks

_KEY = "network"


def save_network(network: Network, path: Path) -> None:
    """Write weights and buffers, and spec, tasks, settings and layout as JSON; the bytes depend on nothing else."""
    record = {
        "features": json.loads(network.spec.to_json()),
        "layout": network.layout.to_dict(),
        "model": network.settings.model_dump(mode="json"),
        "tasks": [task.to_dict() for task in network.tasks],
    }
    # one metadata key: the order of several is not stable
    metadata = {_KEY: json.dumps(record, sort_keys=True)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    path.write_bytes(save(tensors, metadata=metadata))


def load_network(path: Path) -> Network:
    """The network that :func:`save_network` wrote, ready to predict.

    Raises:
        ValueError: if the file is not one of ours.
    """
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        if _KEY not in metadata:
            raise ValueError(f"{path.name} is a safetensors file without our metadata: train the model again")
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    record = json.loads(metadata[_KEY])
    network = Network(
        FeatureSpec.from_json(json.dumps(record["features"])),
        load_tasks(record["tasks"]),
        ModelSettings.model_validate(record["model"]),
        Layout.from_dict(record["layout"]),
    )
    network.load_state_dict(tensors)
    return network.eval()
