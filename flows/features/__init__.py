"""Feature engineering: Polars expressions, one module a study, one function a domain."""
