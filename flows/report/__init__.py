"""The static HTML page of a study: figures, tables, plots, no external assets."""
