"""Sweeps: one thing is varied step by step, and what sharing is worth is measured at each."""
