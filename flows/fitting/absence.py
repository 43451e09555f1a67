"""What the absence of a table costs: the exported weights score people as if it had not arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.fitting.names import FINAL, WHOLE
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import collect
from mtl_models.metrics.comparison import compare
from mtl_models.metrics.people import count_people
from mtl_models.metrics.replicates import replicate
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.settings import EvaluationSettings

MOST_REPLICATES = 300  # of a score of cases: enough for an interval, not for its last digit


def absence(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """Relative reduction of the error by task and on average when a table is missing, against having all of them.

    A cost is below zero. Nothing where a study has one table only.
    """
    cases = [case for case in predictions["model"].unique(maintain_order=True) if case != WHOLE]
    if not cases:
        return {}
    part = predictions["part"][0]
    main = [task for task in tasks if task.role == "main"]
    sample = collect(predictions, targets, splits.select(PERSON, FINAL), main, part=part)
    fewer = settings.model_copy(update={"replicates": min(settings.replicates, MOST_REPLICATES)})
    replicates = replicate(sample, main, fewer)
    rounding = Rounding(settings.digits, settings.confidence)
    shown = {task.name: count_people(task, sample).enough(settings.min_count) for task in main}
    gains = {case: compare(main, replicates[case], replicates[WHOLE], shown, rounding, is_twin=False) for case in cases}
    return {"part": part, "n_people": sample.n_persons, "cases": gains}
