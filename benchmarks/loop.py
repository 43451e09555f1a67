"""How much of an epoch is forward, backward and the optimiser's step: the training loop beside these alone.

    dvc pull data/raw/nhanes.dvc && dvc repro features@nhanes
    python -m benchmarks.loop [--repeats 15] [--rows 20000]

Two networks of the study's own model: the student on as many rows as asked for, one of its teachers on the people.
What is bare takes batches that lie ready, and neither clips gradients, averages weights, weighs tasks nor validates.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measuring import in_turns, one_core, require, show, study_inputs

STUDY = "nhanes"
BARE, TRAINED, EPOCH = "forward, backward, optimiser", "the loop, training rows", "the loop, validation too"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--rows", type=int, default=20_000, help="that the student learns from")
    options = parser.parse_args()
    one_core()
    paths, own = study_inputs(STUDY)
    require([paths.features / "features.parquet"], f"dvc repro features@{STUDY}")

    from flows.fitting.jobs import in_view
    from mtl_models.data.dataset import read_dataset
    from mtl_models.training.inputs import FitSettings

    everything, full, splits = read_dataset(paths.features, own.task_records)
    dataset, spec = in_view(everything, full, own, own.task_records)
    train, valid = (dataset.take((splits["final"] == part).to_numpy()) for part in ("train", "valid"))
    student = FitSettings(own.model, own.training.model_copy(update={"distillation": None}))
    teacher = FitSettings(own.model, own.training, own.baselines).teacher()
    for name, data, settings in (("student", taught(train, options.rows), student), ("teacher", train, teacher)):
        report(name, data, valid, spec, own.task_records, settings, options.repeats)


def taught(train: Any, n_rows: int) -> Any:
    """As many rows as asked for, each with a label of every task, as a teacher gives them."""
    import numpy as np

    from mtl_models.data.dataset import Dataset

    rows = train.take(np.random.default_rng(0).integers(0, len(train), n_rows))
    filled = {name: np.where(np.isnan(each), np.nanmean(each, axis=0), each) for name, each in rows.targets.items()}
    return Dataset(rows.person, rows.inputs, filled)


def report(name: str, train: Any, valid: Any, spec: Any, tasks: Any, settings: Any, repeats: int) -> None:
    """Time a network's loop and what is bare in turns, and print their shares."""
    import numpy as np
    import torch

    from mtl_models.data.layout import plan_layout
    from mtl_models.network.network import Network
    from mtl_models.training.reproducible import reproducible
    from mtl_models.training.run import Run

    with reproducible(0, 1):
        network = Network(spec, tasks, settings.model, plan_layout(spec, train.inputs))
        network.fit_statistics(train)
        run = Run(network, train, valid, settings.training, np.random.default_rng(0), seed=0)
        size = settings.training.batch_size
        batches = list(run.train.batches(np.random.default_rng(1), size))

        def bare() -> None:
            network.train()
            for batch in batches:
                run.optimizer.zero_grad()
                raw = network.outputs(batch.prepared)
                losses = [network.head(task).loss(raw[task], target) for task, target in batch.targets.items()]
                torch.autograd.backward(torch.stack(losses).sum())
                run.optimizer.step()

        contenders: dict[str, Callable[[], Any]] = {
            BARE: bare,
            TRAINED: run._train,
            EPOCH: lambda: run.epoch(len(run.history) + 1),
        }
        seconds = in_turns(contenders, repeats, time.process_time)
    n_parameters = sum(map(torch.numel, run.parameters))
    show(
        f"{name}: {len(train):,} rows in {len(batches)} batches of {size}, {n_parameters:,} parameters",
        ("what", "ms a batch", "rows/s", "bare against this"),
        (
            (what, f"{taken / len(batches) * 1e3:.2f}", f"{len(train) / taken:,.0f}", f"{seconds[BARE] / taken:.3f}")
            for what, taken in seconds.items()
        ),
        note=f"processor time, medians of {repeats} turns, one core",
    )


if __name__ == "__main__":
    main()
