"""Ridge and logistic regression, one model an outcome, the penalty chosen on the valid split."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from mtl_models.baselines.encoding import fit_linear_encoder
from mtl_models.baselines.outcome import Outcome, Predictor, predict_task
from mtl_models.baselines.settings import BaselineSettings, LinearSettings
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.metrics.weights import cross_entropy


def fit_predict(
    train: Dataset,
    evaluations: Mapping[str, Dataset],
    valid: Dataset,
    task: Task,
    spec: FeatureSpec,
    settings: BaselineSettings,
    seed: int,
) -> dict[str, np.ndarray]:
    """Predictions ``(n, task.n_outputs)`` for every evaluation set; ``seed`` has no effect."""
    # One thread: the same bits whatever the machine's count, and five times faster than two that share a busy core.
    with threadpool_limits(1, user_api="blas"):
        encode = fit_linear_encoder(train.inputs, spec)
        fitter = partial(fit, settings=settings.linear)
        return predict_task(task, train, valid, evaluations, encode, fitter, "linear")


def fit(outcome: Outcome, settings: LinearSettings) -> Predictor:
    """The model of the path whose loss on valid is least; without labels there, the middle of the path."""
    path = _ridge_path(outcome, settings) if outcome.form == "number" else _logistic_path(outcome, settings)
    if not len(outcome.valid_target):
        return path[len(path) // 2]
    losses = [_valid_loss(outcome, predictor) for predictor in path]
    return path[int(np.argmin(losses))]


def _valid_loss(outcome: Outcome, predictor: Predictor) -> float:
    prediction = predictor(outcome.valid_inputs)
    if outcome.form == "number":
        return float(np.mean((outcome.valid_target - prediction) ** 2))
    if outcome.form == "binary":
        prediction = np.stack([1 - prediction, prediction], axis=1)
    given = np.take_along_axis(prediction, outcome.valid_target.astype(np.int64)[:, None], axis=1)
    return float(cross_entropy(given).mean())


def _ridge_path(outcome: Outcome, settings: LinearSettings) -> list[Predictor]:
    from sklearn.linear_model import Ridge  # slow to import, and most commands fit nothing

    def predictor(alpha: float) -> Predictor:
        model = Ridge(alpha=alpha, solver="cholesky").fit(outcome.inputs, outcome.target)
        return lambda matrix: np.asarray(model.predict(matrix))

    return [predictor(alpha) for alpha in settings.ridge]


def _logistic_path(outcome: Outcome, settings: LinearSettings) -> list[Predictor]:
    """From the strongest penalty to the weakest, each fit starting where the last one ended."""
    from sklearn.linear_model import LogisticRegression

    path: list[Predictor] = []
    model = LogisticRegression(solver="lbfgs", warm_start=True, max_iter=settings.max_iter, tol=1e-4)
    for inverse_penalty in sorted(settings.logistic):
        model.set_params(C=inverse_penalty).fit(outcome.inputs, outcome.target)
        path.append(_probability(model.coef_.copy(), model.intercept_.copy()))
    return path


def _probability(coefficients: np.ndarray, intercepts: np.ndarray) -> Predictor:
    def predict(matrix: np.ndarray) -> np.ndarray:
        logits = matrix @ coefficients.T + intercepts
        if logits.shape[1] == 1:
            return np.asarray(1 / (1 + np.exp(-logits[:, 0])))
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))

    return predict
