"""The champion corrected from recent outcomes: people, trials, a new version, the gate's word, a page."""
