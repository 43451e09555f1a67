"""Metrics of every task kind, their paired intervals, and the comparison of models."""

from mtl_models.metrics.score import HEADLINE, LOWER_IS_BETTER, TaskScores, loss_name, score_task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.summary import flat_metrics, summarise

__all__ = [
    "HEADLINE",
    "LOWER_IS_BETTER",
    "EvaluationSettings",
    "TaskScores",
    "flat_metrics",
    "loss_name",
    "score_task",
    "summarise",
]
