"""CatBoost, one model an outcome, the number of trees and their depth chosen on the valid split."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_models.baselines.outcome import Outcome, Predictor, predict_task
from mtl_models.baselines.settings import BaselineSettings, CatBoostSettings
from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.data.tasks import Task

if TYPE_CHECKING:
    from catboost import CatBoost, Pool

_LOSS = {"number": "RMSE", "binary": "Logloss", "classes": "MultiClass"}
_LOGARITHMIC = ("Poisson", "Tweedie")  # losses whose raw value is the logarithm of the prediction

FEWEST_DRAWN = 20  # rows; from fewer each tree takes all


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
    n_numeric = len(spec.numeric)
    fitter = partial(fit, settings=settings.catboost, n_numeric=n_numeric, seed=seed)
    return predict_task(task, train, valid, evaluations, _stack, fitter, "catboost")


def _stack(inputs: Matrices) -> np.ndarray:
    """Numbers, NaN where missing, and category codes side by side, -1 where missing or unseen."""
    return np.concatenate([inputs.numeric.astype(np.float64), inputs.categorical], axis=1)


def fit(outcome: Outcome, settings: CatBoostSettings, n_numeric: int, seed: int) -> Predictor:
    """The model whose loss on valid is least among the depths of ``settings.depth``."""
    depths = settings.depth if len(outcome.valid_target) else settings.depth[:1]
    fits = [_boost(outcome, settings, n_numeric, seed, depth) for depth in depths]
    model, _ = min(fits, key=lambda fitted: fitted[1])
    given = "Probability" if outcome.form != "number" else "RawFormulaVal"
    if outcome.objective.startswith(_LOGARITHMIC):
        given = "Exponent"

    def predict(matrix: np.ndarray) -> np.ndarray:
        found = np.asarray(model.predict(_pool(matrix, n_numeric), prediction_type=given, thread_count=1))
        return found[:, 1] if outcome.form == "binary" else found

    return predict


def _boost(
    outcome: Outcome, settings: CatBoostSettings, n_numeric: int, seed: int, depth: int
) -> tuple[CatBoost, float]:
    from catboost import CatBoost  # 0.6 s that a command that boosts nothing need not wait for

    parameters = {**_parameters(settings, outcome, seed), "depth": depth}
    data = _pool(outcome.inputs, n_numeric, outcome.target)
    if not len(outcome.valid_target):
        model = CatBoost({**parameters, "iterations": settings.rounds_without_valid})
        return model.fit(data), 0.0
    model = CatBoost({**parameters, "iterations": settings.max_rounds, "od_type": "Iter", "od_wait": settings.patience})
    model.fit(data, eval_set=_pool(outcome.valid_inputs, n_numeric, outcome.valid_target), use_best_model=True)
    return model, float(model.get_best_score()["validation"][_loss(outcome)])


def _loss(outcome: Outcome) -> str:
    return outcome.objective or _LOSS[outcome.form]


def _pool(matrix: np.ndarray, n_numeric: int, target: np.ndarray | None = None) -> Pool:
    """CatBoost's own categories: integers in columns of their own, a missing one is a category like any other."""
    from catboost import FeaturesData, Pool

    codes = matrix[:, n_numeric:].astype(np.int64).astype(str).astype(bytes).astype(object)
    data = FeaturesData(
        num_feature_data=np.ascontiguousarray(matrix[:, :n_numeric], dtype=np.float32) if n_numeric else None,
        cat_feature_data=codes if codes.shape[1] else None,
    )
    return Pool(data, label=target)


def _parameters(settings: CatBoostSettings, outcome: Outcome, seed: int) -> dict[str, Any]:
    """One thread, hence the same sums in the same order from every process; nothing is written or printed."""
    return {
        "loss_function": _loss(outcome),
        **({"classes_count": outcome.n_classes} if outcome.form == "classes" else {}),
        "learning_rate": settings.learning_rate,
        "l2_leaf_reg": settings.l2_leaf_reg,
        "rsm": settings.rsm,
        "border_count": settings.border_count,
        "one_hot_max_size": settings.one_hot_max_size,
        # a draw from a handful of rows may be empty, and then CatBoost ends
        **(
            {"bootstrap_type": "Bernoulli", "subsample": settings.subsample}
            if len(outcome.target) >= FEWEST_DRAWN
            else {"bootstrap_type": "No"}
        ),
        "boosting_type": "Plain",
        "random_seed": seed,
        "thread_count": 1,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }
