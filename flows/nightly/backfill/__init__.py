"""Dates that are scored later, or again: what would run and why, then each of them, on where a run was broken off."""
