"""Metrics of every task kind, their paired intervals, and the comparison of models."""

from mtl_models.metrics.score import HEADLINE, LOWER_IS_BETTER, TaskScores, loss_name, score_task

__all__ = ["HEADLINE", "LOWER_IS_BETTER", "TaskScores", "loss_name", "score_task"]
