"""What stages and experiments fit: jobs in processes, one module a kind of model, candidates of a comparison too."""
