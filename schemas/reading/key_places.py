"""Where keys stand among the keys of persons; keys that are numbers in a narrow range are looked up without hashing."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

Places = npt.NDArray[np.int64]

_SPARSE = 16  # times as many numbers as keys may lie between the least and the greatest of them


class KeyPlaces:
    """The places of keys in a list of distinct keys, none of them null."""

    def __init__(self, keys: pl.Series) -> None:
        self._keys = keys

    def of(self, keys: pl.Series) -> Places:
        """The place of each key, -1 for null and for a key that is not there."""
        found = self._by_number(keys)
        return self._by_text(keys) if found is None else found

    @cached_property
    def _numbers(self) -> tuple[int, Places] | None:
        """The least number among the keys, and the places by number from there on; None where they are no numbers."""
        numbers = self._keys.cast(pl.Int64, strict=False)
        if not numbers.len() or numbers.null_count():
            return None
        values = numbers.to_numpy()
        least, greatest = int(values.min()), int(values.max())
        if greatest - least > _SPARSE * len(values):
            return None
        places = np.full(greatest - least + 1, -1, np.int64)
        places[values - least] = np.arange(len(values))
        if np.count_nonzero(places >= 0) < len(values):  # 1 and 01 are two keys
            return None
        return least, places

    def _by_number(self, keys: pl.Series) -> Places | None:
        if self._numbers is None or keys.null_count():
            return None
        numbers = keys.cast(pl.Int64, strict=False)
        if numbers.null_count():
            return None
        least, places = self._numbers
        at = numbers.to_numpy() - least
        found = places[np.where((at >= 0) & (at < len(places)), at, 0)]
        same = (self._keys[np.maximum(found, 0)] == keys).to_numpy()  # of one number there may be other spellings
        return np.where(same, found, -1)

    def _by_text(self, keys: pl.Series) -> Places:
        theirs = pl.DataFrame({"key": self._keys}).with_row_index("place")
        asked = pl.DataFrame({"key": keys}, schema={"key": pl.String})
        found = asked.join(theirs, on="key", how="left", maintain_order="left")["place"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()
