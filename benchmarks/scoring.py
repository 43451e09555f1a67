"""Rows scored a second of one core: our scorer, onnxruntime alone, torch eager, and LightGBM.

    dvc pull data/raw/nhanes.dvc && dvc repro export@nhanes
    python -m benchmarks.scoring [--rows 200000] [--repeats 5]

Our scorer goes from feature frame to score frame; the others start from ready matrices and end with arrays.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from benchmarks.measuring import in_turns, one_core, require, show, study_inputs

STUDY = "nhanes"
LIGHTGBM_ROWS = 10_000  # its rows/s do not depend on the number of rows, and it is slow
OURS = "our Scorer, frame to frame"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    one_core()
    paths, settings = study_inputs(STUDY)
    model, network_file = paths.models / "model.onnx", paths.models / "network.safetensors"
    require([model, network_file, paths.features / "features.parquet"], f"dvc repro export@{STUDY}")

    import torch

    from mtl_models.data.dataset import to_matrices
    from mtl_models.network.checkpoint import load_network
    from mtl_models.serving.scorer import Scorer, open_session, run_session
    from mtl_models.training.prediction import predict

    torch.set_num_threads(1)
    people = pl.read_parquet(paths.features / "features.parquet")
    frame = pl.concat([people] * -(-options.rows // people.height)).head(options.rows).rechunk()
    scorer, session, network = Scorer(model), open_session(model.read_bytes()), load_network(network_file)
    matrices = to_matrices(frame, scorer.spec)
    boosters, stacked = fit_lightgbm(paths, settings, frame.head(LIGHTGBM_ROWS))
    seconds = in_turns(
        {
            OURS: lambda: scorer.score(frame),
            "onnxruntime alone, matrices to arrays": lambda: run_session(session, matrices),
            "torch eager, matrices to arrays": lambda: predict(network, matrices),
            f"LightGBM, {len(boosters)} models, matrix to arrays": lambda: [booster(stacked) for booster in boosters],
        },
        options.repeats,
        time.process_time,
    )
    rates = {name: (len(stacked) if "LightGBM" in name else frame.height) / taken for name, taken in seconds.items()}
    show(
        f"{frame.height:,} people, {len(scorer.spec.features)} features, {len(scorer.tasks)} tasks, one core",
        ("who", "rows/s", "against ours"),
        ((name, f"{rate:,.0f}", f"{rate / rates[OURS]:.2f}") for name, rate in rates.items()),
        note=f"processor time, medians of {options.repeats} turns; LightGBM on {len(stacked):,} rows",
    )


def fit_lightgbm(paths: Any, settings: Any, frame: pl.DataFrame) -> tuple[list[Callable[..., np.ndarray]], np.ndarray]:
    """A booster a target column, as our baseline fits it, and the inputs of ``frame`` for it."""
    from mtl_models.baselines import boosted
    from mtl_models.baselines.outcome import Outcome, Predictor, predict_task
    from mtl_models.data.dataset import Matrices, read_dataset, to_matrices

    dataset, spec, splits = read_dataset(paths.features, settings.task_records)
    train, valid = (dataset.take((splits["final"] == part).to_numpy()) for part in ("train", "valid"))
    first = len(spec.numeric)
    categorical = list(range(first, first + len(spec.categorical)))
    boosters: list[Predictor] = []

    def stack(inputs: Matrices) -> np.ndarray:
        codes = np.where(inputs.categorical >= 0, inputs.categorical, np.nan)
        return np.concatenate([inputs.numeric, codes], axis=1, dtype=np.float32)

    def fit(outcome: Outcome) -> Predictor:
        boosters.append(boosted.fit(outcome, settings.baselines.lightgbm, categorical, seed=0))
        return boosters[-1]

    for task in settings.task_records:
        if task.role == "main":
            predict_task(task, train, valid, {}, stack, fit, "lightgbm")
    return boosters, stack(to_matrices(frame, spec))


if __name__ == "__main__":
    main()
