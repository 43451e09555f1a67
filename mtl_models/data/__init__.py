"""Tasks, feature tables and what a network makes of their columns; numpy and polars only."""
