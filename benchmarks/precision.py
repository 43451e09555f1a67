"""What bfloat16 and the fused optimiser do to a network: seconds an epoch, and how much more or less it errs.

    dvc pull -r samples -R data/raw && dvc repro features@heart features@nhanes
    python -m benchmarks.precision speed [--rows 20000] [--repeats 9]
    python -m benchmarks.precision errors [--study nhanes] [--seeds 3]

Errors are those of the study's own network, without a teacher, on people that it was not trained on: the relative
reduction of the error against 32 bits, with the study's intervals over people.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from benchmarks.loop import STUDY, taught
from benchmarks.measuring import in_turns, one_core, require, show, study_inputs

PLAIN: dict[str, Any] = {}
FUSED: dict[str, Any] = {"optimizer": "fused_adamw"}
HALF: dict[str, Any] = {"precision": "bfloat16"}
WAYS = {"float32, adamw": PLAIN, "fused": FUSED, "bfloat16": HALF, "both": {**FUSED, **HALF}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "errors"))
    parser.add_argument("--study", default=STUDY)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    one_core()
    paths, own = study_inputs(options.study)
    require([paths.features / "features.parquet"], f"dvc repro features@{options.study}")
    plain = own.model_copy(update={"training": own.training.model_copy(update={"distillation": None})})
    if options.what == "errors":
        errors(options.study, paths.features, plain, options.seeds)
    else:
        speed(paths.features, own, plain, options)


def speed(features: Any, own: Any, plain: Any, options: argparse.Namespace) -> None:
    """Time an epoch of the student, with two sizes of batches, and of one of its teachers."""
    import numpy as np
    import torch

    from flows.fitting.jobs import in_view
    from mtl_models.data.dataset import read_dataset
    from mtl_models.data.layout import plan_layout
    from mtl_models.network.network import Network
    from mtl_models.training.inputs import FitSettings
    from mtl_models.training.run import Run

    everything, full, splits = read_dataset(features, own.task_records)
    dataset, spec = in_view(everything, full, own, own.task_records)
    train, valid = (dataset.take((splits["final"] == part).to_numpy()) for part in ("train", "valid"))
    teacher = FitSettings(own.model, own.training, own.baselines).teacher()
    student = taught(train, options.rows)
    cases = [
        ("student", plain.model, plain.training, student),
        ("student", plain.model, plain.training.model_copy(update={"batch_size": 2048}), student),
        ("teacher", teacher.model, teacher.training, train),
    ]
    torch.set_num_threads(1)
    for name, model, training, rows in cases:
        runs = {}
        for way, changes in WAYS.items():
            torch.manual_seed(0)
            network = Network(spec, own.task_records, model, plan_layout(spec, train.inputs))
            network.fit_statistics(train)
            changed = training.model_copy(update=changes)
            runs[way] = Run(network, rows, valid, changed, np.random.default_rng(0), seed=0)
        seconds = in_turns({way: run._train for way, run in runs.items()}, options.repeats, time.process_time)
        first = seconds[next(iter(WAYS))]
        show(
            f"{name}: {len(rows):,} rows in batches of {training.batch_size}, one core",
            ("how", "seconds an epoch", "times as fast"),
            ((way, f"{each:.3f}", f"{first / each:.2f}") for way, each in seconds.items()),
            note=f"processor time, medians of {options.repeats} turns",
        )


def errors(study: str, features: Any, plain: Any, n_seeds: int) -> None:
    """Fit the network in each way and compare its errors with those of 32 bits."""
    import polars as pl

    from flows.fitting.jobs import Job, StudyData
    from flows.fitting.names import FINAL, ModelName
    from flows.fitting.networks import network_rows
    from mtl_models.data.dataset import PERSON
    from mtl_models.metrics.collect import collect
    from mtl_models.metrics.comparison import compare
    from mtl_models.metrics.people import count_people
    from mtl_models.metrics.replicates import replicate
    from mtl_models.metrics.rounding import Rounding

    splits, tasks, evaluation = pl.read_parquet(features / "splits.parquet"), plain.task_records, plain.evaluation
    folds = [name for name in splits.columns if name.startswith("r0f")]
    resamples = [FINAL] if "test" in set(splits[FINAL]) else folds
    rows = []
    for way, changes in WAYS.items():
        settings = plain.model_copy(update={"training": plain.training.model_copy(update=changes)})
        data = StudyData.read(features, settings)
        for seed in range(n_seeds):
            for resample in resamples:
                rows.append(network_rows(Job(model=ModelName(way), resample=resample, seed=seed, tasks=tasks), data))
    predictions = pl.concat(rows).filter(pl.col("part") == "test")
    main = [task for task in tasks if task.role == "main"]
    targets = pl.read_parquet(features / "targets.parquet")
    sample = collect(predictions, targets, splits.select(PERSON, *resamples), main, part="test")
    fewer = evaluation.model_copy(update={"replicates": min(evaluation.replicates, 300)})
    replicates, rounding = replicate(sample, main, fewer), Rounding(fewer.digits, fewer.confidence)
    shown = {task.name: count_people(task, sample).enough(fewer.min_count) for task in main}
    first, *others = WAYS
    found = {way: compare(main, replicates[way], replicates[first], shown, rounding, is_twin=False) for way in others}
    show(
        f"{study}: reduction of the error against {first}, {n_seeds} seeds, {sample.n_persons:,} people",
        ("how", "mean over the tasks", "interval", "worst task", "its own"),
        (
            (way, *_words(each["mean"]), each["worst"]["task"], f"{100 * each['worst']['value']:.2f} %")
            for way, each in found.items()
        ),
        note=f"intervals of {fewer.confidence:.0%} over people",
    )


def _words(figure: Any) -> tuple[str, str]:
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:.2f} %", f"{low:.2f} to {high:.2f} %"


if __name__ == "__main__":
    main()
