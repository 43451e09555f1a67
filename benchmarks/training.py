"""Seconds an epoch of our training loop, beside a plain torch DataLoader loop over the same network.

    dvc pull data/raw/nhanes.dvc && dvc repro features@nhanes
    python -m benchmarks.training [--epochs 10] [--repeats 5]

Both do the same work: masked losses of all tasks, AdamW, clipped gradients, averaged weights, a validation pass.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from benchmarks.measuring import in_turns, one_core, require, show, study_inputs

STUDY = "nhanes"
OURS, PEER = "mtl_models.training.fit", "plain loop over a DataLoader"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    one_core()
    paths, settings = study_inputs(STUDY)
    require([paths.features / "features.parquet"], f"dvc repro features@{STUDY}")

    from mtl_models.data import read_dataset
    from mtl_models.training import fit

    dataset, spec, splits = read_dataset(paths.features, settings.task_records)
    train, valid = (dataset.take((splits["final"] == part).to_numpy()) for part in ("train", "valid"))
    tasks, model, training = settings.task_records, settings.model, settings.training

    def ours(epochs: int) -> None:
        limited = training.model_copy(update={"epochs": epochs, "patience": epochs})
        fit(train, valid, spec, tasks, model, limited)

    def peer(epochs: int) -> None:
        plain_loop(train, valid, spec, settings, epochs)

    # what comes before the first epoch falls out in the difference of two lengths
    seconds = in_turns(
        {
            f"{name} {length}": lambda run=run, length=length: run(length)  # type: ignore[misc]
            for name, run in ((OURS, ours), (PEER, peer))
            for length in (1, 1 + options.epochs)
        },
        options.repeats,
    )
    epoch = {
        name: (seconds[f"{name} {1 + options.epochs}"] - seconds[f"{name} 1"]) / options.epochs for name in (OURS, PEER)
    }
    show(
        f"one epoch: {len(train):,} people to train on, {len(valid):,} to validate, {len(tasks)} tasks, one core",
        ("who", "seconds", "people/s", "time against ours"),
        (
            (name, f"{taken:.3f}", f"{len(train) / taken:,.0f}", f"{taken / epoch[OURS]:.2f}")
            for name, taken in epoch.items()
        ),
        note=f"medians of {options.repeats} turns of {options.epochs} epochs",
    )
    whole, n_epochs = [], 0
    for _ in range(3):
        start = time.perf_counter()
        n_epochs = len(fit(train, valid, spec, tasks, model, training).history)
        whole.append(time.perf_counter() - start)
    print(f"whole fit of the default model with early stopping: {statistics.median(whole):.1f} s, {n_epochs} epochs")


def plain_loop(train: Any, valid: Any, spec: Any, settings: Any, epochs: int) -> None:
    """What one would write without us: a TensorDataset, a DataLoader, AdamW and torch's AveragedModel."""
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    from torch.utils.data import DataLoader, TensorDataset

    from mtl_models.layout import plan_layout
    from mtl_models.network import Network
    from mtl_models.training import task_losses

    training = settings.training
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    network = Network(spec, settings.task_records, settings.model, plan_layout(spec, train.inputs))
    network.fit_statistics(train)
    names = [task.name for task in network.tasks]
    weights = {task.name: task.weight for task in network.tasks}

    def tensors(part: Any) -> TensorDataset:
        targets = (torch.tensor(part.targets[name], dtype=torch.float32) for name in names)
        inputs = (torch.from_numpy(part.inputs.numeric), torch.from_numpy(part.inputs.categorical))
        return TensorDataset(*inputs, *targets)

    loader = DataLoader(tensors(train), batch_size=training.batch_size, shuffle=True)
    checking = DataLoader(tensors(valid), batch_size=len(valid))
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(training.ema))  # type: ignore[no-untyped-call]
    optimizer = torch.optim.AdamW(network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay)
    for _ in range(epochs):
        network.train()
        for numeric, categorical, *targets in loader:
            losses = task_losses(network, network(numeric, categorical), dict(zip(names, targets, strict=True)))
            optimizer.zero_grad()
            torch.autograd.backward(torch.stack([weights[name] * loss for name, loss in losses.items()]).sum())
            torch.nn.utils.clip_grad_norm_(network.parameters(), training.gradient_clip)
            optimizer.step()
            averaged.update_parameters(network)
        averaged.eval()
        with torch.no_grad():
            for numeric, categorical, *targets in checking:
                raw = averaged(numeric, categorical)
                sum(float(loss) for loss in task_losses(network, raw, dict(zip(names, targets, strict=True))).values())


if __name__ == "__main__":
    main()
