"""Corrections of finished predictions: a shift and a slope for each, how they are fitted, tested and kept."""
