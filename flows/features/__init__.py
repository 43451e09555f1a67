"""Feature engineering: Polars expressions, one package a study, one function a domain."""
