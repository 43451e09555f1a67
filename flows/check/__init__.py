"""What `mtl-health check` looks at before anything is trained: names, raw tables, functions, split, labels, leaks."""
