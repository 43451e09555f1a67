"""`mtl-health new`: a study written from its tables, with every guess said; below the command line, above the check."""
