"""A training step of every encoder, trunk and balancer, as a ratio to that of the plain shared trunk.

    dvc pull data/raw/nhanes.dvc && dvc repro features@nhanes
    python -m benchmarks.methods [--steps 20] [--repeats 9]

A step is what training does with a batch: forward, losses, the balancer's backward, clipping, the optimiser, the
average of the weights. Every method takes its turn in every round, right after a plain step, so that a ratio compares
neighbours in time: the median over the rounds, with the lowest and highest.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.measuring import one_core, require, show, study_inputs

STUDY = "nhanes"
PLAIN: dict[str, Any] = {
    "encoder": {"name": "plain", "d_embedding": 4},
    "trunk": {"name": "shared", "widths": [128], "dropout": 0.5},
    "heads": {"widths": [16]},
}
# widths as of the plain trunk, where a trunk has such an option
WIDE = {"widths": [128], "dropout": 0.5}
TRUNK_OPTIONS: dict[str, dict[str, Any]] = {
    "tabm": {"k": 8, "d_block": 128, "n_blocks": 1},
    "ple": {**WIDE, "levels": 1},
    "grouped": {"groups": [["tc", "weight"], ["sbp", "hba1c"]], "trunk": {"name": "shared", **WIDE}},
}
TRAINING: dict[str, Any] = {"epochs": 1, "batch_size": 256, "learning_rate": 3e-3, "ema": 0.98}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    one_core()
    import torch

    # two threads that wait for each other on one core make a step a hundred times slower
    torch.set_num_threads(1)
    paths, settings = study_inputs(STUDY)
    require([paths.features / "features.parquet"], f"dvc repro features@{STUDY}")

    from flows.fitting.jobs import in_view
    from mtl_models.data.dataset import read_dataset

    dataset, spec, splits = read_dataset(paths.features, settings.task_records)
    core = settings.model_copy(update={"model": settings.model.model_copy(update={"view": "core"})})
    dataset, spec = in_view(dataset, spec, core, settings.task_records)
    train = dataset.take((splits["final"] == "train").to_numpy())
    plain = stepper(train, spec, settings.task_records, {}, "equal")
    others = {
        (kind, name): stepper(train, spec, settings.task_records, parts, balancer)
        for kind, name, parts, balancer in methods()
    }
    ratios: dict[tuple[str, str], list[float]] = {key: [] for key in others}
    seconds: list[float] = []
    for turn in range(options.repeats + 1):
        for key, step in others.items():
            base, own = timed(plain, options.steps), timed(step, options.steps)
            if turn:  # the first round warms up
                ratios[key].append(own / base)
                seconds.append(base)
    show(
        f"a training step of {TRAINING['batch_size']} people, {len(spec.features)} features, "
        f"{len(settings.task_records)} tasks, one core",
        ("kind and name", "times a plain step", "lowest", "highest"),
        (
            (f"{kind} {name}", *(f"{f(each):.2f}" for f in (statistics.median, min, max)))
            for (kind, name), each in ratios.items()
        ),
        note=f"plain: {1000 * statistics.median(seconds) / options.steps:.2f} ms a step; {options.repeats} rounds of "
        f"{options.steps} steps; view of the tasks: core",
    )


def methods() -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Kind, name, parts of the model and balancer of everything in the registries; the plain step itself first."""
    from mtl_models.network.encoders import ENCODERS
    from mtl_models.network.trunks import TRUNKS
    from mtl_models.training.balancing import BALANCERS

    yield "plain", "again", {}, "equal"
    for name in ENCODERS:
        if name != "plain":
            yield "encoder", name, {"encoder": name}, "equal"
    for name in TRUNKS:
        if name != "shared":
            yield "trunk", name, {"trunk": {"name": name, **TRUNK_OPTIONS.get(name, WIDE)}}, "equal"
    for name in BALANCERS:
        if name != "equal":
            yield "balancer", name, {}, name


def stepper(train: Any, spec: Any, tasks: Any, parts: dict[str, Any], balancer: str) -> Callable[[], None]:
    """Training steps of one method, one a call."""
    import numpy as np

    from mtl_models.data.layout import plan_layout
    from mtl_models.network.network import Network
    from mtl_models.settings import ModelSettings, TrainingSettings
    from mtl_models.training.reproducible import reproducible
    from mtl_models.training.run import Run

    model = ModelSettings.model_validate({**PLAIN, **parts})
    training = TrainingSettings.model_validate({**TRAINING, "balancing": balancer})
    with reproducible(0, 1):
        network = Network(spec, tasks, model, plan_layout(spec, train.inputs))
        network.fit_statistics(train)
        # steps alone are measured: a few people stand in for those to validate on
        run = Run(network, train, train.take(np.arange(64)), training, np.random.default_rng(0), seed=0)
    batches = batches_of(run)

    def step() -> None:
        network.train()
        run._step(next(batches))

    return step


def batches_of(run: Any) -> Iterator[Any]:
    """Batches without end, as training cuts them; the last and smaller one of each pass is left out."""
    import torch

    size = run.training.batch_size
    while True:
        rows = torch.from_numpy(run.order.permutation(len(run.train)))
        yield from (run.train.take(part) for part in torch.split(rows, size) if len(part) == size)


def timed(step: Callable[[], None], n_steps: int) -> float:
    """Seconds of some steps."""
    start = time.perf_counter()
    for _ in range(n_steps):
        step()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
