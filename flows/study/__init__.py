"""A study as one object: its contract, its features and its settings, looked up by name and checked."""
