"""Candidates of a comparison: fitted once, ranked on validation people, shown on a page."""
