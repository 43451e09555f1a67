"""Vectors of people by feature domain, for segmentation and ranking."""
