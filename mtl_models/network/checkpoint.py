"""A trained network in one safetensors file with all that is needed to build it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save

from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.data.tasks import load_tasks
from mtl_models.network.network import Network
from mtl_models.network.task_networks import TaskNetworks
from mtl_models.settings import ModelSettings

_KEY = "network"


def save_network(network: Network, path: Path) -> None:
    """Write weights and buffers, and spec, tasks, settings and layout as JSON; the bytes depend on nothing else."""
    # one metadata key: the order of several is not stable
    metadata = {_KEY: json.dumps(_record(network), sort_keys=True)}
    # the preprocessing that several networks share is copied: a file holds no tensor twice
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    path.write_bytes(save(tensors, metadata=metadata))


def _record(network: Network) -> dict[str, Any]:
    record: dict[str, Any] = {
        "features": json.loads(network.spec.to_json()),
        "layout": network.layout.to_dict(),
        "model": network.settings.model_dump(mode="json"),
        "tasks": [task.to_dict() for task in network.tasks],
    }
    if isinstance(network, TaskNetworks):
        members = [_record(member) for member in network.members if isinstance(member, Network)]
        return {**record, "members": members, "place": network.place}
    return record


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
    network = _build(json.loads(metadata[_KEY]))
    network.load_state_dict(tensors)
    return network.eval()


def _build(record: dict[str, Any]) -> Network:
    """The network of a record, untrained."""
    if "members" in record:
        members, names = [_build(member) for member in record["members"]], [task["name"] for task in record["tasks"]]
        return TaskNetworks({name: members[record["place"][name]] for name in names})
    return Network(
        FeatureSpec.from_json(json.dumps(record["features"])),
        load_tasks(record["tasks"]),
        ModelSettings.model_validate(record["model"]),
        Layout.from_dict(record["layout"]),
    )
