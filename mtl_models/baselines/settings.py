"""Settings of the baselines; every choice among them is made on the valid split."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LinearSettings(BaseModel):
    """Regularisation strengths to choose from: ridge penalties, and inverse penalties of the logistic regression."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ridge: tuple[float, ...] = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)
    logistic: tuple[float, ...] = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0)
    max_iter: int = Field(default=300, ge=1)


class BoostedSettings(BaseModel):
    """LightGBM's settings; the number of trees is chosen by early stopping."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_leaves: tuple[int, ...] = (3, 12)
    learning_rate: float = Field(default=0.05, gt=0)
    max_rounds: int = Field(default=800, ge=1)
    rounds_without_valid: int = Field(default=100, ge=1)
    patience: int = Field(default=40, ge=1)
    min_data_in_leaf: int = Field(default=20, ge=1)
    feature_fraction: float = Field(default=0.3, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    lambda_l2: float = Field(default=5.0, ge=0)
    min_data_per_group: int = Field(default=20, ge=1)
    cat_smooth: float = Field(default=10.0, ge=0)


class CatBoostSettings(BaseModel):
    """CatBoost's settings; the number of trees is chosen by early stopping."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    depth: tuple[int, ...] = Field(default=(3, 6), min_length=1)
    learning_rate: float = Field(default=0.08, gt=0)
    max_rounds: int = Field(default=800, ge=1)
    rounds_without_valid: int = Field(default=60, ge=1)
    patience: int = Field(default=30, ge=1)
    l2_leaf_reg: float = Field(default=5.0, ge=0)
    rsm: float = Field(default=0.3, gt=0, le=1)
    subsample: float = Field(default=0.8, gt=0, le=1)
    border_count: int = Field(default=64, ge=1, le=65535)
    # categories up to this size are split on one by one: CatBoost's target statistics take four times as long on
    # NHANES, for losses on valid that are a little better or a little worse
    one_hot_max_size: int = Field(default=255, ge=2)


class BaselineSettings(BaseModel):
    """Settings of all baselines, a block each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    linear: LinearSettings = LinearSettings()
    lightgbm: BoostedSettings = BoostedSettings()
    catboost: CatBoostSettings = CatBoostSettings()
