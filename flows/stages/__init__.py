"""One module a stage: paths in, paths and a small summary out."""
