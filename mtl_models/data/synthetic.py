"""Made-up people with two tasks whose relatedness is set: to see where sharing helps and where it hurts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

import numpy as np
from pydantic import Field

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.settings import Options

DOMAIN = "synthetic"
TASKS = ("first", "second")
_STEEPNESS = 2.0  # of the logistic curve that turns a signal of deviation 1 into a probability


@dataclass(frozen=True)
class Synthetic:
    """Two tasks and the people to learn and measure them on.

    Attributes:
        vectors: true weight vectors of the tasks, ``(2, n_features)``; none for a family without them.
        measured: fresh people; their regression targets are the true signal, without noise.
    """

    spec: FeatureSpec
    tasks: tuple[Task, ...]
    vectors: np.ndarray
    train: Dataset
    valid: Dataset
    measured: Dataset


class Sizes(Options):
    """How many people there are in each part, and how many features they have."""

    n_train: int = Field(default=1000, ge=2)
    n_valid: int = Field(default=500, ge=2)
    n_measured: int = Field(default=1000, ge=2)
    n_features: int = Field(default=20, ge=4)


class PairOptions(Sizes):
    """Two tasks whose true weight vectors have a set cosine.

    Attributes:
        cosine: cosine of the angle between the weight vectors.
        noise: deviation of the noise on the first task's targets, the signal's being 1.
        second_noise: the same for the second task.
        length: length of the weight vectors.
        waves: number of sines that are added to the projection.
        outcome: regression, or binary by a logistic curve of the signal, which takes no further noise.
    """

    cosine: float = Field(ge=-1, le=1)
    noise: float = Field(default=0.5, ge=0)
    second_noise: float = Field(default=0.5, ge=0)
    length: float = Field(default=1.0, gt=0)
    waves: int = Field(default=2, ge=0)
    outcome: Literal["regression", "binary"] = "regression"


class HintOptions(Sizes):
    """Two tasks that need the same interaction of features, which is hard to learn from the first.

    Attributes:
        interaction: how much of the first task's signal is the interaction, as its deviation; the rest is linear.
        second_interaction: the same for the second task; with 0 there is nothing to overhear.
        noise: deviation of the noise on the first task's targets; second_noise on the second's.
    """

    interaction: float = Field(default=0.5, ge=0)
    second_interaction: float = Field(default=1.0, ge=0)
    noise: float = Field(default=1.0, ge=0)
    second_noise: float = Field(default=0.2, ge=0)


def make_pair(options: PairOptions, *, seed: int) -> Synthetic:
    """Draw weight vectors, the curve and the people of a pair of tasks.

    With orthonormal ``u1, u2`` the vectors are ``w1 = c u1`` and ``w2 = c (p u1 + sqrt(1 - p^2) u2)``; a person's
    features ``x`` are standard normal, and ``y_k = s(w_k x) + e_k`` with ``s(t) = t + sum_i sin(a_i t + b_i)``.

    Source: Ma et al., Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts, KDD
        (2018), section 3.2, eq. 2 to 4.

    Differs: ``s`` is scaled to mean 0 and deviation 1, so that noise is in units of the signal. The paper leaves
        ``a_i`` and ``b_i`` open; here ``a_i = 1 + i`` and ``b_i = i``, so that every draw is as hard as another.
    """
    random = np.random.default_rng(seed)
    vectors = options.length * unit_vectors(options.n_features, options.cosine, random)
    quantiles = np.array([NormalDist(sigma=options.length).inv_cdf((i + 0.5) / 4000) for i in range(4000)])
    typical = _curve(quantiles, options.waves)

    def signals(x: np.ndarray) -> np.ndarray:
        return np.asarray((_curve(x @ vectors.T, options.waves) - typical.mean()) / typical.std())

    tasks = tuple(Task(name=name, kind=options.outcome) for name in TASKS)
    return _draw(options, tasks, signals, (options.noise, options.second_noise), vectors, random)


def make_hint(options: HintOptions, *, seed: int) -> Synthetic:
    """Draw the people of two tasks that share an interaction.

    ``y_k = l_k x + g_k h(x) + e_k`` with ``h(x) = sign(x_1 x_2) sqrt(|x_1 x_2|)`` scaled to deviation 1, ``g_k`` the
    task's ``interaction``, and ``l_k`` a random vector of length 1 over the other features, each task its own.

    Source: Caruana, Multitask Learning, Machine Learning 28 (1997), on eavesdropping.
    """
    random = np.random.default_rng(seed)
    linear = np.zeros((2, options.n_features))
    linear[:, 2:] = unit_vectors(options.n_features - 2, 0.0, random)
    shares = np.array([options.interaction, options.second_interaction])

    def signals(x: np.ndarray) -> np.ndarray:
        product = x[:, 0] * x[:, 1]
        hidden = np.sign(product) * np.sqrt(np.abs(product)) / np.sqrt(2 / np.pi)
        return np.asarray(x @ linear.T + hidden[:, None] * shares)

    tasks = tuple(Task(name=name, kind="regression") for name in TASKS)
    return _draw(options, tasks, signals, (options.noise, options.second_noise), linear, random)


def unit_vectors(n_features: int, cosine: float, random: np.random.Generator) -> np.ndarray:
    """Two random vectors of length 1 with a set cosine. Shape: ``(2, n_features)``."""
    first, raw = random.standard_normal((2, n_features))
    first /= np.linalg.norm(first)
    across = raw - (raw @ first) * first
    across /= np.linalg.norm(across)
    return np.stack([first, cosine * first + np.sqrt(1 - cosine**2) * across])


def _curve(projection: np.ndarray, waves: int) -> np.ndarray:
    """``t + sum_i sin((1 + i) t + i)`` for ``i = 1 .. waves``."""
    sines = [np.sin((1 + i) * projection + i) for i in range(1, waves + 1)]
    return np.asarray(projection + np.sum(sines, axis=0))


def _draw(
    sizes: Sizes,
    tasks: tuple[Task, ...],
    signals: Callable[[np.ndarray], np.ndarray],
    noise: tuple[float, float],
    vectors: np.ndarray,
    random: np.random.Generator,
) -> Synthetic:
    """Draw the people; each part has a generator of its own, so that a size changes no other part."""
    names = [f"x_{number:02}" for number in range(1, sizes.n_features + 1)]
    spec = FeatureSpec(tuple(Feature(name=f"{DOMAIN}__{name}", domain=DOMAIN) for name in names))
    counts = {"train": sizes.n_train, "valid": sizes.n_valid, "measured": sizes.n_measured}
    parts = {}
    for (part, n), generator in zip(counts.items(), random.spawn(len(counts)), strict=True):
        # a row at a time: more people are the same people and some others
        drawn = generator.standard_normal((n, sizes.n_features + len(tasks)))
        x, errors = drawn[:, : sizes.n_features].astype(np.float32), drawn[:, sizes.n_features :] * np.array(noise)
        values = signals(x.astype(np.float64))
        if kind_of(tasks[0]).form == "binary":
            # a standard normal draw below the quantile of p happens with probability p
            chance = 1 / (1 + np.exp(-_STEEPNESS * values))
            uniform = np.vectorize(NormalDist().cdf)(drawn[:, sizes.n_features :])
            targets = (uniform < chance).astype(np.float64)
        else:
            targets = values if part == "measured" else values + errors
        person = np.array([f"{part}-{number:06}" for number in range(n)])
        inputs = Matrices(np.ascontiguousarray(x), np.empty((n, 0), dtype=np.int32))
        by_task = {task.name: np.ascontiguousarray(targets[:, [place]]) for place, task in enumerate(tasks)}
        parts[part] = Dataset(person, inputs, by_task)
    return Synthetic(spec, tasks, vectors, **parts)


def remove_labels(dataset: Dataset, task: str, share: float, *, seed: int) -> Dataset:
    """The dataset without ``share`` of a task's labels; a larger share removes the same people's and more.

    A person with any label of the task counts as labelled; nobody else's row and no other task changes.

    Raises:
        ValueError: if the share is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} of the labels of {task} to remove: give one from 0 to 1")
    target = dataset.targets[task].copy()
    labelled = np.flatnonzero((~np.isnan(target)).any(axis=1))
    order = np.random.default_rng(seed).permutation(labelled)
    target[order[: round(share * len(labelled))]] = np.nan
    return replace(dataset, targets={**dataset.targets, task: target})
