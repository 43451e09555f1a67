"""Seconds an epoch of our training loop, beside a plain torch DataLoader loop and beside a peer library.

    dvc pull data/raw/nhanes.dvc && dvc repro features@nhanes
    python -m benchmarks.training [--epochs 10] [--repeats 5] [--peer peer/bin/python]

The network is the first of the study's comparison, the plain shared one. The plain loop does the same work as ours:
masked losses of all tasks, torch's dropout, AdamW, clipped gradients, averaged weights, a validation pass. The peer,
pytorch-widedeep, trains regressions, binary and multiclass targets in one network but knows no missing label
(benchmarks/widedeep.py says how to install it and what it cannot do). Beside it ours runs on the same people, without
what it lacks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measuring import in_turns, one_core, require, show, study_inputs
from benchmarks.peer import complete, peer

STUDY = "nhanes"
OURS, LOOP, PEER = "mtl_models.training.fit.fit", "plain loop over a DataLoader", "pytorch-widedeep's Trainer"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer", type=Path, help="an interpreter that has pytorch-widedeep")
    options = parser.parse_args()
    one_core()
    paths, own = study_inputs(STUDY)
    require([paths.features / "features.parquet"], f"dvc repro features@{STUDY}")

    from flows.fitting.jobs import in_view
    from flows.study.candidates import settings_of
    from mtl_models.data.dataset import read_dataset
    from mtl_models.training.fit import FitSettings, TrainingData, fit

    settings = settings_of(own, next(iter(own.compare.candidates)))
    everything, full, splits = read_dataset(paths.features, settings.task_records)
    dataset, spec = in_view(everything, full, settings, settings.task_records)
    train, valid = (dataset.take((splits["final"] == part).to_numpy()) for part in ("train", "valid"))
    tasks, model, training = settings.task_records, settings.model, settings.training

    def ours(part: Any, other: Any, **changes: Any) -> Callable[[int], Any]:
        def run(epochs: int) -> None:
            limited = training.model_copy(update={"epochs": epochs, "patience": epochs, **changes})
            fit(TrainingData(part, other, spec, tasks), FitSettings(model, limited))

        return run

    loops = {OURS: ours(train, valid), LOOP: lambda epochs: plain_loop(train, valid, spec, settings, epochs)}
    report(loops, options, f"{len(train):,} people to train on, {len(valid):,} to validate, {len(tasks)} tasks", train)
    if options.peer:
        known, others = (complete(part) for part in (train, valid))
        with peer(options.peer, known, others, spec, settings) as theirs:
            bare = ours(known, others, ema=0.0, gradient_clip=0.0)
            title = f"the {len(known):,} and {len(others):,} of them with every label"
            report({OURS: bare, PEER: theirs}, options, title, known)
    seen, features = in_view(everything, full, own, own.task_records)
    learn, check = (seen.take((splits["final"] == part).to_numpy()) for part in ("train", "valid"))
    start = time.perf_counter()
    n_epochs = len(
        fit(TrainingData(learn, check, features, own.task_records), FitSettings(own.model, own.training)).history
    )
    print(f"whole fit of the study's own model: {time.perf_counter() - start:.1f} s, {n_epochs} epochs")


def report(loops: Mapping[str, Callable[[int], Any]], options: argparse.Namespace, title: str, train: Any) -> None:
    """Time the loops in turns and print their seconds an epoch; the first is the one to compare with."""
    # what comes before the first epoch falls out in the difference of two lengths
    seconds = in_turns(
        {
            f"{name} {length}": lambda run=run, length=length: run(length)  # type: ignore[misc]
            for name, run in loops.items()
            for length in (1, 1 + options.epochs)
        },
        options.repeats,
    )
    epoch = {name: (seconds[f"{name} {1 + options.epochs}"] - seconds[f"{name} 1"]) / options.epochs for name in loops}
    show(
        f"one epoch: {title}, one core",
        ("who", "seconds", "people/s", "time against ours"),
        (
            (name, f"{taken:.3f}", f"{len(train) / taken:,.0f}", f"{taken / epoch[next(iter(loops))]:.2f}")
            for name, taken in epoch.items()
        ),
        note=f"medians of {options.repeats} turns of {options.epochs} epochs",
    )


def plain_loop(train: Any, valid: Any, spec: Any, settings: Any, epochs: int) -> None:
    """What one would write without us: a TensorDataset, a DataLoader, AdamW and torch's AveragedModel."""
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    from torch.utils.data import DataLoader, TensorDataset

    from mtl_models.data.layout import plan_layout
    from mtl_models.network.dropout import Dropout
    from mtl_models.network.network import Network
    from mtl_models.training.fit import task_losses

    training = settings.training
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    network = Network(spec, settings.task_records, settings.model, plan_layout(spec, train.inputs))
    network.fit_statistics(train)
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, Dropout):
                setattr(parent, name, torch.nn.Dropout(layer.p))
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
