"""LightGBM, one model an outcome, the number of trees and of leaves chosen on the valid split."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_models.baselines.outcome import Outcome, Predictor, predict_task
from mtl_models.baselines.settings import BaselineSettings, BoostedSettings
from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.data.tasks import Task

if TYPE_CHECKING:
    import lightgbm as lgb

_OBJECTIVE = {"number": "regression", "binary": "binary", "classes": "multiclass"}


def fit_predict(
    train: Dataset,
    evaluations: Mapping[str, Dataset],
    valid: Dataset,
    task: Task,
    spec: FeatureSpec,
    settings: BaselineSettings,
    seed: int,
) -> dict[str, np.ndarray]:
    """Predictions ``(n, task.n_outputs)`` for every evaluation set; an ordinal task is fitted as classes."""
    first = len(spec.numeric)
    categorical = list(range(first, first + len(spec.categorical)))
    fitter = partial(fit, settings=settings.lightgbm, categorical=categorical, seed=seed)
    return predict_task(task, train, valid, evaluations, _stack, fitter, "lightgbm")


def _stack(inputs: Matrices) -> np.ndarray:
    """Numbers and category codes side by side, NaN where missing, which LightGBM splits on by itself."""
    codes = np.where(inputs.categorical >= 0, inputs.categorical.astype(np.float32), np.float32("nan"))
    return np.ascontiguousarray(np.concatenate([inputs.numeric, codes], axis=1))


def fit(outcome: Outcome, settings: BoostedSettings, categorical: list[int], seed: int) -> Predictor:
    """The booster whose loss on valid is least among the sizes of ``settings.num_leaves``."""
    fits = [_boost(outcome, settings, categorical, seed, leaves) for leaves in _leaves(outcome, settings)]
    booster, _ = min(fits, key=lambda fitted: fitted[1])
    return lambda matrix: np.asarray(booster.predict(matrix, num_threads=1))


def _leaves(outcome: Outcome, settings: BoostedSettings) -> tuple[int, ...]:
    return settings.num_leaves if len(outcome.valid_target) else settings.num_leaves[:1]


def _boost(
    outcome: Outcome, settings: BoostedSettings, categorical: list[int], seed: int, num_leaves: int
) -> tuple[lgb.Booster, float]:
    import lightgbm as lgb  # slow to import, and most commands fit nothing

    parameters = {**_parameters(settings, outcome, seed), "num_leaves": num_leaves}
    data = lgb.Dataset(outcome.inputs, outcome.target, categorical_feature=categorical, params=parameters)
    if not len(outcome.valid_target):
        return lgb.train(parameters, data, num_boost_round=settings.rounds_without_valid), 0.0
    valid = lgb.Dataset(outcome.valid_inputs, outcome.valid_target, reference=data, params=parameters)
    stop = lgb.early_stopping(settings.patience, verbose=False)
    booster = lgb.train(
        parameters,
        data,
        num_boost_round=settings.max_rounds,
        valid_sets=[valid],
        valid_names=["valid"],
        callbacks=[stop],
    )
    return booster, next(iter(booster.best_score["valid"].values()))


def _parameters(settings: BoostedSettings, outcome: Outcome, seed: int) -> dict[str, Any]:
    """One thread and row-wise histograms: sums in one order, hence the same trees from every process."""
    return {
        "objective": outcome.objective or _OBJECTIVE[outcome.form],
        **({"num_class": outcome.n_classes} if outcome.form == "classes" else {}),
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_data_in_leaf,
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": settings.lambda_l2,
        # LightGBM's own 100 people a category group would keep it from splitting on categories in a small study
        "min_data_per_group": settings.min_data_per_group,
        "cat_smooth": settings.cat_smooth,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
