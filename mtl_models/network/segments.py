"""Groups of people with like embeddings, and the plane in which embeddings differ most."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from mtl_models.data.dataset import PERSON

DIGITS = 9  # last bits depend on the processor


def segment_people(embeddings: pl.DataFrame, n_segments: int) -> pl.DataFrame:
    """``person_id`` and ``segment``, from 1, the largest first: k-means on the directions of the vectors.

    Directions, as the nearest neighbours are by cosine: two persons' distance then grows with their angle.

    Raises:
        ValueError: for fewer than 2 segments, or more than there are different vectors.
    """
    vectors = directions(embeddings)
    different = len(np.unique(vectors, axis=0))
    if not 2 <= n_segments <= different:
        raise ValueError(f"{n_segments} segments: choose 2 to {different}, the number of different vectors")
    # threads would change the order of sums, and so the last bits
    with threadpool_limits(1):
        found = KMeans(n_segments, n_init=10, random_state=0).fit_predict(vectors)
    sizes = np.bincount(found, minlength=n_segments)
    first = [int(np.argmax(found == place)) for place in range(n_segments)]
    order = sorted(range(n_segments), key=lambda place: (-sizes[place], first[place]))
    number = np.empty(n_segments, dtype=np.int32)
    number[order] = np.arange(1, n_segments + 1, dtype=np.int32)
    return pl.DataFrame({PERSON: embeddings[PERSON], "segment": pl.Series(number[found], dtype=pl.Int32)})


def directions(embeddings: pl.DataFrame) -> np.ndarray:
    """Vectors of length 1, of zeros where there is none. Shape: ``(n_people, n_dimensions)`` float64."""
    vectors = embeddings.drop(PERSON).to_numpy().astype(np.float64)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = (vectors / np.where(length > 0, length, 1.0)).round(DIGITS)
    return scaled


def principal_plane(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Coordinates on the first two principal components, and their share of the variance.

    The sign of a component is that of its largest loading, so that another run does not mirror the picture.

    Shape:
        ``(n_people, n_dimensions)`` to ``(n_people, 2)``; a missing second component is zero.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    with threadpool_limits(1, user_api="blas"):
        values, loadings = np.linalg.eigh(centred.T @ centred)
        chosen = loadings[:, ::-1][:, :2]
        strongest = np.argmax(np.abs(chosen).round(DIGITS), axis=0)
        chosen = chosen * np.sign(chosen[strongest, np.arange(chosen.shape[1])])
        found = (centred @ chosen).round(DIGITS)
    plane = np.zeros((len(vectors), 2))
    plane[:, : found.shape[1]] = found
    total = float(values.sum())
    return plane, float(values[::-1][:2].sum() / total) if total > 0 else 0.0
