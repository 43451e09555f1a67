from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mtl_models.network.segments import directions, principal_plane, segment_people


def frame(vectors: np.ndarray) -> pl.DataFrame:
    columns = {f"lab__e{place}": column.astype(np.float32) for place, column in enumerate(vectors.T)}
    return pl.DataFrame({"person_id": [f"p{number}" for number in range(len(vectors))], **columns})


def test_segments_are_directions_the_largest_first() -> None:
    generator = np.random.default_rng(0)
    towards = np.repeat([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], [5, 20, 10], axis=0)
    vectors = frame((towards + generator.normal(0, 0.05, towards.shape)) * generator.uniform(1, 9, (35, 1)))
    found = segment_people(vectors, 3)
    assert found["segment"].to_list() == [3] * 5 + [1] * 20 + [2] * 10
    assert found["person_id"].equals(vectors["person_id"])
    # whatever the order of the people
    order = generator.permutation(35)
    assert segment_people(vectors[order], 3)["segment"].to_list() == found["segment"].gather(order).to_list()


def test_too_many_segments_are_refused() -> None:
    twice = frame(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))
    assert segment_people(twice, 2)["segment"].to_list() == [1, 1, 2]
    for n_segments in (1, 3):
        with pytest.raises(ValueError, match=f"{n_segments} segments: choose 2 to 2"):
            segment_people(twice, n_segments)


def test_directions_by_hand() -> None:
    found = directions(frame(np.array([[3.0, 4.0], [0.0, 0.0]])))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0.0, 0.0]])


def test_the_principal_plane_by_hand() -> None:
    # along (1, 1, 0) the spread is larger than along (0, 0, 1), and nothing is left for a third component
    vectors = np.array([[2.0, 2.0, 0.0], [-2.0, -2.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    plane, share = principal_plane(vectors)
    np.testing.assert_allclose(plane, [[8**0.5, 0], [-(8**0.5), 0], [0, 1], [0, -1]], atol=1e-9)
    assert share == pytest.approx(1)
    # a mirrored picture is another one: the sign follows the data, not the library
    mirrored, _ = principal_plane(-vectors)
    np.testing.assert_allclose(mirrored, -plane, atol=1e-9)


def test_vectors_of_one_number_or_all_alike_have_a_plane_too() -> None:
    plane, share = principal_plane(np.array([[1.0], [3.0]], dtype=np.float32))
    assert (plane == [[-1, 0], [1, 0]]).all()
    assert share == 1
    plane, share = principal_plane(np.ones((4, 3)))
    assert (plane == 0).all()
    assert share == 0
