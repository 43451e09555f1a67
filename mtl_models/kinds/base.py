"""What every kind of task answers for, and the answers of a kind whose tasks have one number each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from mtl_models.kinds.metrics import Metric
from mtl_models.kinds.rules import Decide

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from torch import Tensor

    from mtl_models.data.tasks import Task
    from mtl_models.kinds.heads import Head

Form = Literal["number", "binary", "classes"]
"""What a target column holds: any number, 0 and 1, or an index into three or more classes."""

SHARE = "share"


@dataclass(frozen=True, kw_only=True)
class Published:
    """One column of a score table.

    Attributes:
        name: its name.
        kind: number, probability, binary (0 or 1), class (one of ``values``) or set (some of ``values``).
        unit: of a number.
        values: what a class or the members of a set may be.
        title: words for a reader.
    """

    name: str
    kind: str
    unit: str = ""
    values: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Facet:
    """An outcome, or a part of it, as one number a person, so that it has a mean.

    Attributes:
        name: of the facet: the task's, or one of a class or label.
        title: words for a reader.
        unit: of the mean; ``share`` where the number is 0 or 1.
        values: by person, NaN where the label is missing.
    """

    name: str
    title: str
    unit: str
    values: np.ndarray


class Kind:
    """All that a kind of task means. An object has no state: the task comes with every question.

    A module of a kind imports numpy, polars and torch inside its methods: settings are read without them. Texts below
    name what lives in a heavier module, so that what asks for one of them does not depend on the rest.

    Attributes:
        words: for a reader, what an outcome of this kind is.
        says: what the score column holds, with ``{names}`` of the task and the words of its ``{rule}``.
        rules: the rules of :mod:`mtl_models.kinds.rules` that a task may decide by.
        default_rule: the rule of a task that names none; empty where nothing is decided, or by its threshold.
        names: the names that a task's record needs: ``classes``, ``labels`` or none.
        form: what a target column holds.
        ordered: whether the classes have an order.
        head: a class of :mod:`mtl_models.kinds.heads` by its name, or such a class.
        formulas: the name of a function of :data:`mtl_models.metrics.score.FORMULAS`, or such a function.
        metrics: what ``formulas`` gives, in its order.
        headline: the metric that heads the task's figures.
        loss: the metric that gains are measured in; lower is better.
        alone: the metric by which one feature alone is judged: r2, auroc or cut_auroc.
        figure: how predictions of held-out people are drawn: ``observed`` or ``calibration``.
        loss_factor: of the loss under uncertainty weighting: one half of a squared error, which is that of a Gaussian.
        scale: where finished predictions are corrected, by its name in ``SCALES`` of
            :mod:`mtl_models.correction.scales`; none where they cannot be.
        objectives: what a booster minimises where it is not the usual objective of ``form``, by the booster's name;
            it is fitted on the numbers as they are and predicts such numbers.
    """

    words: str = ""
    says: str = "predicted value"
    rules: tuple[str, ...] = ()
    default_rule: str = ""
    names: Literal["", "classes", "labels"] = ""
    form: Form = "number"
    ordered: bool = False
    head: str | Callable[..., Head] = ""
    formulas: str | Callable[..., Any] = ""
    metrics: tuple[Metric, ...] = ()
    headline: str = ""
    loss: str = ""
    alone: Literal["r2", "auroc", "cut_auroc"] = "r2"
    figure: str = "observed"
    loss_factor: float = 1.0
    scale: str = ""
    objectives: Mapping[str, str] = MappingProxyType({})

    # targets

    def target_columns(self, task: Task) -> tuple[str, ...]:
        """Columns of the target table."""
        return (task.name,)

    def n_classes(self, task: Task) -> int:
        """Classes of each target column; 0 for a number."""
        return 0

    def allowed(self, task: Task) -> str:
        """What a target may be, in words."""
        return "finite numbers"

    def is_allowed(self, task: Task, values: np.ndarray) -> np.ndarray:
        """Which of a target column's values, none of them missing, a task may have. Shape: both ``(n,)``."""
        import numpy as np

        return np.asarray(np.isfinite(values))

    def count_classes(self, task: Task, values: np.ndarray) -> tuple[int, ...]:
        """How many of a target column's values, none of them missing, are of each class; nothing for a number."""
        import numpy as np

        n_classes = self.n_classes(task)
        found = np.bincount(values.astype(np.int64), minlength=n_classes) if n_classes else ()
        return tuple(int(n) for n in found)

    def facets(self, task: Task, target: np.ndarray) -> list[Facet]:
        """The outcome as numbers that have a mean. Shape: ``(n, len(task.target_columns))``."""
        return [Facet(task.name, task.title or task.name, task.unit, target[:, 0])]

    def foretold(self, task: Task, target: np.ndarray) -> list[Facet]:
        """What one feature alone is tried on: numbers for ``alone`` r2, else 0 and 1. Shape: as ``facets``."""
        return self.facets(task, target)

    # decisions, where the outputs are probabilities

    def decide(self, task: Task) -> Decide:
        """The rule that a task decides by; an empty one where it has a threshold, or nothing to decide."""
        return task.decide if task.decide.rule else Decide(self.default_rule)

    def rule_words(self, task: Task) -> str:
        """The rule for a reader."""
        return self.decide(task).words if self.decide(task).rule else ""

    def first_cuts(self, task: Task) -> list[float]:
        """The numbers that decisions follow from before they are chosen; none where nothing is decided."""
        return []

    def choose_cuts(self, task: Task, prediction: np.ndarray, target: np.ndarray, train: np.ndarray) -> np.ndarray:
        """The numbers that the task's rule comes to on people who were not trained on.

        Shape:
            prediction: ``(n, task.n_outputs)``; target: ``(n, len(task.target_columns))``; train: the targets of the
            training people; result: as ``first_cuts``.
        """
        import numpy as np

        return np.array(self.first_cuts(task))

    def decided(self, task: Task, prediction: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Decisions, as the head's. Shape: ``(n, task.n_outputs)`` to ``(n, 1 or a label each)``."""
        raise NotImplementedError

    # models of single numbers: linear, joint, and boosters without an objective of their own

    def to_scale(self, values: np.ndarray) -> np.ndarray:
        """Numbers on the scale on which squared errors are fitted."""
        return values

    def from_scale(self, values: np.ndarray) -> np.ndarray:
        """The numbers that ``to_scale`` was given, or predictions of them."""
        return values

    # predictions, in an exported file and as scores

    def prediction_columns(self, task: Task) -> tuple[str, ...]:
        """Columns that hold the prediction, one an output of the head."""
        return (task.name,)

    def output_names(self, task: Task) -> tuple[str, ...]:
        """Names of a task's outputs in an exported file; the last one is the task's name."""
        return (task.name,)

    def outputs(self, head: Head, predictions: Tensor) -> tuple[Tensor, ...]:
        """The tensors of these names."""
        return (predictions[:, 0],)

    def score_types(self, task: Task) -> dict[str, pl.DataType]:
        """Names and types of the score columns: the predicted value, then the probabilities."""
        import polars as pl

        return {task.name: pl.Float64()}

    def scores(self, task: Task, outputs: Mapping[str, np.ndarray]) -> Sequence[pl.Series]:
        """The score columns, from the outputs of an exported file by their names."""
        import numpy as np
        import polars as pl

        return [pl.Series(task.name, outputs[task.name].astype(np.float64))]

    def published(self, task: Task) -> list[Published]:
        """What the score columns hold, in their order."""
        return [Published(name=task.name, kind="number", unit=task.unit, title=task.title)]
