"""What stages and experiments fit: jobs in processes, one module a kind of model, and the runs of a comparison."""
