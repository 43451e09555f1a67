"""Our side of the peer: the people, the arrays and the process of benchmarks/widedeep.py."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


def complete(part: Any) -> Any:
    """The people who lack no label."""
    return part.take(np.all([np.isfinite(target).all(axis=1) for target in part.targets.values()], axis=0))


@contextmanager
def peer(python: Path, train: Any, valid: Any, spec: Any, settings: Any) -> Iterator[Callable[[int], Any]]:
    """A function that has the peer fit so many epochs, in a process of its own on this process' core."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "arrays.npz"
        np.savez(file, **peer_arrays(train, valid, spec, settings))
        command = [str(python), str(Path(__file__).with_name("widedeep.py")), str(file)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            stdin, stdout = process.stdin, process.stdout

            def run(epochs: int) -> None:
                stdin.write(f"{epochs}\n")
                stdin.flush()
                float(stdout.readline())

            if stdout.readline().strip() != "ready":
                raise RuntimeError("the peer did not start: what it printed stands above")
            yield run
            stdin.close()


def peer_arrays(train: Any, valid: Any, spec: Any, settings: Any) -> dict[str, Any]:
    """Inputs as our preprocessing gives them, targets by kind, regressions standardised, the class last."""
    import torch

    from mtl_models.data.layout import plan_layout
    from mtl_models.kinds import kind_of
    from mtl_models.network.network import Network
    from mtl_models.training.tensors import Tensors

    network = Network(spec, settings.task_records, settings.model, plan_layout(spec, train.inputs))
    network.fit_statistics(train)
    by_form: dict[str, list[Any]] = {"number": [], "binary": [], "classes": []}
    for task in settings.task_records:
        by_form[kind_of(task).form].append(task)
    (classes,) = by_form["classes"]
    found: dict[str, Any] = {
        "outputs": [
            len(by_form["number"]),
            sum(len(task.target_columns) for task in by_form["binary"]),
            len(classes.classes),
        ],
        "sizes": [len(feature.categories) + 1 for feature in spec.categorical],
        "d_embedding": settings.model.encoder.options["d_embedding"],
        "width": settings.model.trunk.options["widths"][0],
        "dropout": settings.model.trunk.options["dropout"],
        "batch_size": settings.training.batch_size,
    }
    for name, part in (("train", train), ("valid", valid)):
        tensors = Tensors.of(part, network, torch.device("cpu"))
        scaled = {
            task.name: (part.targets[task.name] - train.targets[task.name].mean()) / train.targets[task.name].std()
            for task in by_form["number"]
        }
        order = [task.name for tasks in by_form.values() for task in tasks]
        found[f"{name}_values"] = tensors.prepared.values.numpy()
        found[f"{name}_slots"] = tensors.prepared.slots.numpy()
        found[f"{name}_targets"] = np.concatenate([scaled.get(task, part.targets[task]) for task in order], axis=1)
    return found
