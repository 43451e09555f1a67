"""Groups of tasks that should share a trunk: measured, tried, judged."""
