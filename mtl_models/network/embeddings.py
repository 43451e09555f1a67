"""The vectors that a network makes of each feature domain, for segmentation, ranking and nearest neighbours."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from mtl_models.data.dataset import PERSON, Dataset
from mtl_models.network.predictor import SLICE, Predictor, slices


def domain_embeddings(network: Predictor, dataset: Dataset) -> pl.DataFrame:
    """A row a person, in the order of the dataset: ``person_id`` and ``<domain>__e0``, ``<domain>__e1``, ...

    Raises:
        ValueError: for a network without an encoder of domains, or with one a task.
    """
    network.eval()
    parts: dict[str, list[np.ndarray]] = {}
    with torch.no_grad():
        for rows in slices(network, dataset.inputs):
            for domain, vectors in network.domain_vectors(*rows).items():
                parts.setdefault(domain, []).append(vectors.cpu().numpy())
    columns = [pl.Series(PERSON, dataset.person, dtype=pl.String)]
    for domain, each in parts.items():
        matrix = np.concatenate(each)
        columns += [pl.Series(f"{domain}__e{place}", matrix[:, place]) for place in range(matrix.shape[1])]
    return pl.DataFrame(columns)


def nearest_neighbours(embeddings: pl.DataFrame, *, k: int, domain: str | None = None) -> pl.DataFrame:
    """The ``k`` other persons whose vectors point most nearly the same way.

    Args:
        domain: compare the vectors of this domain alone.

    Returns:
        ``person_id``, ``rank`` (from 1), ``neighbour_id`` and ``similarity`` (cosine, -1 to 1); ``k`` rows a person,
        persons in the order given, equals in that order too.

    Raises:
        ValueError: for an unknown domain, or fewer than ``k`` other persons.
    """
    names = [name for name in embeddings.columns if name != PERSON and (domain is None or _domain(name) == domain)]
    if not names:
        known = ", ".join(dict.fromkeys(_domain(name) for name in embeddings.columns if name != PERSON))
        raise ValueError(f"no vectors of domain {domain!r}; there are {known}")
    n = embeddings.height
    if not 0 < k < n:
        raise ValueError(f"k is {k}: it must be from 1 to {n - 1}, the number of other persons")
    vectors = embeddings.select(names).to_numpy().astype(np.float64)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled = vectors / np.where(length > 0, length, 1.0)
    nearest, similarity = np.empty((n, k), dtype=np.int64), np.empty((n, k))
    for start in range(0, n, SLICE):
        rows = np.arange(start, min(start + SLICE, n))
        # rounded, so that equals stay in the order of the persons whatever the last bits
        cosines = (scaled[rows] @ scaled.T).round(9)
        cosines[np.arange(len(rows)), rows] = -np.inf
        nearest[rows] = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        similarity[rows] = np.take_along_axis(cosines, nearest[rows], axis=1)
    person = embeddings[PERSON]
    return pl.DataFrame(
        {
            PERSON: person.gather(np.repeat(np.arange(n), k)),
            "rank": np.tile(np.arange(1, k + 1), n),
            "neighbour_id": person.gather(nearest.ravel()),
            "similarity": similarity.ravel(),
        }
    )


def _domain(column: str) -> str:
    """The domain of a column of vectors."""
    return column.rsplit("__", 1)[0]
