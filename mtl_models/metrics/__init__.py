"""Metrics of every task kind, their paired intervals, and the comparison of models."""
