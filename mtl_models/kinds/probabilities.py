"""What the kinds share whose heads give probabilities, and a decision that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mtl_models.kinds.base import Kind, Published
from mtl_models.kinds.metrics import AUPRC, AUROC, BRIER, ECE, LOG_LOSS
from mtl_models.kinds.rules import FALSE_ALARMS, SENSITIVITY, SHARE
from mtl_models.wording import slug

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from torch import Tensor

    from mtl_models.data.tasks import Task
    from mtl_models.kinds.heads import Head


def class_shares(task: Task, target: np.ndarray) -> np.ndarray:
    """How frequent each class is among those with a label, half a case added to each.

    Shape:
        target: ``(n, 1)``; result: ``(n_classes,)``.
    """
    import numpy as np

    known = target[~np.isnan(target)].astype(np.int64)
    counts = np.bincount(known, minlength=len(task.classes)) + 0.5
    return np.asarray(counts / counts.sum())


class Probabilities(Kind):
    """Outputs ``<task>__p``, the probabilities, and ``<task>``, the decision; a score column for each of both."""

    figure = "calibration"

    def n_classes(self, task: Task) -> int:
        """Two: a label is there or not."""
        return len(task.classes) or 2

    def allowed(self, task: Task) -> str:
        """The codes of the classes."""
        return f"the places 0 to {len(task.classes) - 1} of its classes" if task.classes else "0 and 1"

    def is_allowed(self, task: Task, values: np.ndarray) -> np.ndarray:
        """Whole numbers from 0, one a class."""
        import numpy as np

        return np.isin(values, np.arange(self.n_classes(task)))

    def prediction_columns(self, task: Task) -> tuple[str, ...]:
        """A probability a class or label."""
        return tuple(f"{task.name}__p_{slug(name)}" for name in task.classes or task.labels)

    def output_names(self, task: Task) -> tuple[str, ...]:
        """Probabilities, then the decision."""
        return (f"{task.name}__p", task.name)

    def outputs(self, head: Head, predictions: Tensor) -> tuple[Tensor, ...]:
        """Shape: ``(n_rows, task.n_outputs)``; int64 as the head decides."""
        return (predictions, head.decisions(predictions))

    def score_types(self, task: Task) -> dict[str, pl.DataType]:
        """The decision's type, then float64."""
        import polars as pl

        return {task.name: self.decision_type(), **{name: pl.Float64() for name in task.prediction_columns}}

    def scores(self, task: Task, outputs: Mapping[str, np.ndarray]) -> list[pl.Series]:
        """The decision for a reader, then its probabilities."""
        import numpy as np
        import polars as pl

        decided = outputs[task.name]
        probabilities = outputs[f"{task.name}__p"].astype(np.float64).reshape(len(decided), task.n_outputs)
        return [self.decision(task, decided)] + [
            pl.Series(name, np.ascontiguousarray(column))
            for name, column in zip(task.prediction_columns, probabilities.T, strict=True)
        ]

    def decision_type(self) -> pl.DataType:
        """Type of the column of the decision; here a class by name."""
        import polars as pl

        return pl.String()

    def decision(self, task: Task, decided: np.ndarray) -> pl.Series:
        """The decision of each row, as int64 in an exported file, for a reader; here a class by name."""
        import polars as pl

        return pl.Series(task.name, task.classes, dtype=pl.String).gather(decided)

    def published(self, task: Task) -> list[Published]:
        """The decision, then its probabilities."""
        return [
            self.published_decision(task),
            *(Published(name=name, kind="probability", title=task.title) for name in task.prediction_columns),
        ]

    def published_decision(self, task: Task) -> Published:
        """The column of the decision; here one of the classes."""
        return Published(name=task.name, kind="class", values=task.classes, title=task.title)


class YesNo(Probabilities):
    """A probability a column, each decided by a threshold of its own."""

    rules = (SHARE, SENSITIVITY, FALSE_ALARMS)
    form = "binary"
    head = "LabelHead"
    formulas = "binary"
    metrics = (AUROC, AUPRC, BRIER, LOG_LOSS, ECE)
    headline, loss, alone = "auroc", "log_loss", "auroc"
    scale = "logit"

    def rule_words(self, task: Task) -> str:
        """The rule for a reader; without one, the threshold."""
        return super().rule_words(task) or f"from a probability of {task.threshold:g} on"

    def first_cuts(self, task: Task) -> list[float]:
        """The task's threshold, or that of its costs."""
        decide = self.decide(task)
        threshold = task.threshold
        if decide.rule == FALSE_ALARMS and decide.value is not None:
            threshold = 1 / (1 + decide.value)
        return [threshold] * task.n_outputs

    def choose_cuts(self, task: Task, prediction: np.ndarray, target: np.ndarray, train: np.ndarray) -> np.ndarray:
        """A threshold a column; the first one where there are too few cases to choose by."""
        from mtl_models.metrics.cuts import finding, top_share

        cuts, decide = super().choose_cuts(task, prediction, target, train), self.decide(task)
        for place in range(len(cuts)):
            found = None
            if decide.rule == SHARE and decide.value is not None:
                found = top_share(prediction[:, place], decide.value)
            elif decide.rule == SENSITIVITY and decide.value is not None:
                found = finding(prediction[:, place], target[:, place], decide.value)
            cuts[place] = cuts[place] if found is None else found
        return cuts

    def decided(self, task: Task, prediction: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """1 from the threshold on."""
        reached: np.ndarray = (prediction >= cuts).astype("int64")
        return reached
