"""Where things are kept: inbox, published tables, model registry."""
