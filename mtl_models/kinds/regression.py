"""A number in a unit, predicted with squared error on the standardised scale."""

from __future__ import annotations

from mtl_models.kinds.base import Kind
from mtl_models.kinds.metrics import MAE, R2, RMSE


class Regression(Kind):
    """A number."""

    words = "number"
    head = "RegressionHead"
    formulas = "regression"
    metrics = (R2, MAE, RMSE)
    headline, loss = "r2", "rmse"
    loss_factor = 0.5
    scale = "number"
