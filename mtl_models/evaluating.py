"""A trained network beside its single-task twins and baselines, on people that none of them was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from mtl_models.baselines import BASELINES, require_library
from mtl_models.data.dataset import PERSON, Dataset
from mtl_models.data.frames import prediction_rows
from mtl_models.data.tables import Output
from mtl_models.metrics.evaluation import Evaluation
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.summary import summarise
from mtl_models.network.predictor import Predictor
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.prediction import predict
from mtl_models.training.reproducible import reproducible
from mtl_models.wording import unknown

PART, RESAMPLE = "test", "final"


def evaluate(
    network: Predictor,
    people: Dataset,
    *,
    data: TrainingData | None,
    settings: FitSettings,
    evaluation: EvaluationSettings,
    twins: dict[str, Predictor] | None,
    baselines: Sequence[str],
    seed: int,
    output: Output,
) -> Evaluation:
    """Figures of a network, of its twins and of baselines.

    Args:
        data: what the network was trained on.
        twins: those trained so far, by task, to which the others are added; nothing for an evaluation without twins.

    Raises:
        ValueError: for a baseline that is not known or not installed.
    """
    tasks = [task for task in network.tasks if task.role == "main"]
    for name in baselines:
        if name not in BASELINES:
            raise ValueError(f"baselines: {unknown(name, BASELINES)}")
        require_library(name)
    with reproducible(seed, settings.training.threads):
        found: dict[str, dict[str, np.ndarray]] = {evaluation.model: predict(network, people)}
    if twins is not None and len(network.tasks) > 1:
        assert data is not None
        found[evaluation.twin] = _twins(data, settings, people, twins, [task.name for task in tasks], seed)
    for name in baselines:
        assert data is not None
        found[name] = {
            task.name: BASELINES[name](
                data.train, {PART: people}, data.valid, task, data.spec, settings.baselines, seed
            )[PART]
            for task in tasks
        }
    rows = pl.concat(
        prediction_rows(model, seed, RESAMPLE, {PART: (people.person, values)}, tasks)
        for model, values in found.items()
    )
    record = summarise(rows, _targets(people, tasks), _splits(people), tasks, part=PART, settings=evaluation)
    return Evaluation(record, rows.drop("resample", "part"), output)


def _twins(
    data: TrainingData,
    settings: FitSettings,
    people: Dataset,
    twins: dict[str, Predictor],
    names: Sequence[str],
    seed: int,
) -> dict[str, np.ndarray]:
    """Predictions of a network a task, of the teacher's kind where the model is taught."""
    theirs = settings.teacher()
    for task in data.tasks:
        if task.name in names and task.name not in twins:
            twins[task.name] = fit(data.of_tasks([task]), theirs, seed=seed).network
    with reproducible(seed, settings.training.threads):
        return {name: predict(twins[name], people)[name] for name in names}


def _targets(people: Dataset, tasks: Sequence[Any]) -> pl.DataFrame:
    columns = {
        name: column
        for task in tasks
        for name, column in zip(task.target_columns, people.targets[task.name].T, strict=True)
    }
    return pl.DataFrame({PERSON: people.person, **columns}).with_columns(pl.selectors.float().fill_nan(None))


def _splits(people: Dataset) -> pl.DataFrame:
    return pl.DataFrame({PERSON: people.person}).with_columns(pl.lit(PART).alias(RESAMPLE))
