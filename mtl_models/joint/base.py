"""What every joint model offers, and what they share: encoding, gaps, units, hidden features, one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from mtl_models import settings
from mtl_models.baselines.encoding import fit_linear_encoder
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.joint.columns import Column, make_columns, stack_predictions, visible_columns

Hidden = Mapping[str, Sequence[int]]
"""By task name, the indices into ``spec.features`` that the task may not see."""

Predict = Callable[[np.ndarray], list[np.ndarray]]
"""From encoded rows to what each column of a problem predicts, ``(n, column.width)`` each: a standardised value, the
probability of 1, or one probability a class."""


@dataclass(frozen=True)
class Problem:
    """What a joint model is fitted on.

    Shape:
        inputs: ``(n_train, d)``; valid_inputs: ``(n_valid, d)``, which may have no rows.
        visible: ``(d, len(columns))`` bool, which inputs a column may use; what it may not use has no effect on it.
    """

    inputs: np.ndarray
    valid_inputs: np.ndarray
    columns: tuple[Column, ...]
    visible: np.ndarray


class Joint:
    """A model of all tasks at once: fits on train, chooses on valid, and predicts every evaluation set.

    Attributes:
        seeded: whether another seed gives another model. Where it does not, one seed is all that is worth fitting.
    """

    seeded: bool = False

    class Options(settings.Options):
        """Options of the method, from its block in params.yaml."""

    def require(self) -> None:
        """Check that what the method needs is installed.

        Raises:
            ValueError: saying what to install.
        """

    def fit(self, problem: Problem, options: Any, seed: int) -> Predict:
        """Fit the columns of ``problem``, none of which is constant."""
        raise NotImplementedError

    def __call__(
        self,
        train: Dataset,
        evaluations: Mapping[str, Dataset],
        valid: Dataset,
        tasks: Sequence[Task],
        spec: FeatureSpec,
        options: Any,
        seed: int,
        *,
        hidden: Hidden | None = None,
    ) -> dict[str, dict[str, np.ndarray]]:
        """Predictions by evaluation set and task name, ``(n, task.n_outputs)`` each.

        Args:
            hidden: what tasks may not see, beside the features that are hidden from them by the spec.

        Raises:
            ValueError: for a target column without a label, a task or feature to hide that there is not, or a problem
                that the method cannot take.
        """
        hidden = _all_hidden(hidden or {}, tasks, spec)
        # one thread: the same bits whatever the machine's count
        with threadpool_limits(1, user_api="blas"):
            encode = fit_linear_encoder(train.inputs, spec)
            columns = make_columns(train, valid, tasks)
            fitted = [index for index, column in enumerate(columns) if column.constant is None]
            visible = visible_columns(columns, encode.feature, hidden)
            problem = Problem(
                encode(train.inputs),
                encode(valid.inputs),
                tuple(columns[index] for index in fitted),
                visible[:, fitted],
            )
            predict: Predict = self.fit(problem, options, seed) if fitted else lambda _: []
            return {
                name: stack_predictions(
                    columns, dict(zip(fitted, predict(encode(people.inputs)), strict=True)), len(people)
                )
                for name, people in evaluations.items()
            }


def _all_hidden(hidden: Hidden, tasks: Sequence[Task], spec: FeatureSpec) -> Hidden:
    known = {task.name for task in tasks}
    if unknown := sorted(set(hidden) - known):
        raise ValueError(f"hidden.{unknown[0]}: no such task; there are {', '.join(sorted(known))}")
    n_features = len(spec.features)
    for task, features in hidden.items():
        if not all(0 <= index < n_features for index in features):
            raise ValueError(f"hidden.{task}: feature indices go from 0 to {n_features - 1}")
    return {
        name: (*hidden.get(name, ()), *(i for i, feature in enumerate(spec.features) if name in feature.hidden_from))
        for name in known
    }
