"""How persons stand in published tables: by their key as it was delivered, or by its keyed hash (HMAC-SHA256)."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flows.project.storage import make_folder, write_whole
from mtl_models.data.dataset import PERSON

if TYPE_CHECKING:
    from flows.project.published import SecretSettings
    from flows.study.study import Study

SHORTEST = 32
"""Characters that a key has at least: a shorter one could be found by trying."""
BUCKET = 250_000
"""People of which the hashes are put in order at once."""
_RANGE = 16**8  # of the first eight figures of a hash, by which it finds its bucket
_MARK = b"mark of the key"


class PersonKeys:
    """The names of persons in the published tables of a study.

    Args:
        secret: the key of the hash; None where persons stand by their own key.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret

    @property
    def are_hashed(self) -> bool:
        """Whether they are hashes."""
        return self._secret is not None

    @property
    def mark(self) -> str:
        """What tells one key of the hash from another and does not tell the key; nothing where there is none."""
        return "" if self._secret is None else hmac.digest(self._secret, _MARK, "sha256").hex()[:16]

    def of(self, person: str) -> str:
        """The name of one person."""
        return person if self._secret is None else hmac.digest(self._secret, person.encode(), "sha256").hex()

    def named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame whose persons have their names, row by row; who is not known stays so."""
        if self._secret is None:
            return frame
        names = [None if person is None else self.of(person) for person in frame[PERSON]]
        return frame.with_columns(pl.Series(PERSON, names, pl.String))

    def in_order(self, frames: Iterator[pl.DataFrame], n_people: int, scratch: Path) -> Iterator[pl.DataFrame]:
        """Frames in the order of their persons' own keys, with their names, in the order of these.

        The order of the keys would tell which hash is whose. A hash begins with figures as good as drawn by lot: they
        part the rows into buckets that are put in order one at a time.

        Args:
            frames: rows, one a person.
            n_people: in all of them.
            scratch: an empty folder of the run.
        """
        if self._secret is None:
            yield from frames
            return
        n_buckets = max(1, -(-n_people // BUCKET))
        files: list[list[Path]] = [[] for _ in range(n_buckets)]
        empty = None
        make_folder(scratch)
        for place, frame in enumerate(frames):
            rows = self.named(frame)
            empty = rows.clear()
            first = rows[PERSON].str.head(8).str.to_integer(base=16, dtype=pl.Int64)
            for bucket, part in rows.group_by((first * n_buckets // _RANGE).alias("bucket")):
                file = scratch / f"{bucket[0]}-{place}.parquet"
                write_whole(file, part.write_parquet)
                files[int(str(bucket[0]))].append(file)
        for held in files:
            parts = [pl.read_parquet(BytesIO(file.read_bytes())) for file in held]
            if parts or empty is not None:
                yield pl.concat([*([] if empty is None else [empty]), *parts]).sort(PERSON)
            for file in held:
                file.unlink()


def person_keys(study: Study) -> PersonKeys:
    """The names of persons in a study's published tables.

    Raises:
        ValueError: if they are hashes, and the key is not where the study's settings say, or is too short.
    """
    settings = study.settings.published
    if settings.person_key == "plain" or settings.secret is None:
        return PersonKeys()
    where, text = _secret(settings.secret)
    said = f"studies.{study.name}.published.secret: {where}"
    if text is None:
        raise ValueError(
            f"{said} is not there: persons are published by a hash, and it holds the key; set it and run again"
        )
    if len(text) < SHORTEST:
        raise ValueError(f"{said} holds fewer than {SHORTEST} characters: make a key with `openssl rand -hex 32`")
    return PersonKeys(text.encode())


def _secret(settings: SecretSettings) -> tuple[str, str | None]:
    """Where a secret is, in words, and what it is; None if it is not there."""
    if settings.environment:
        return f"the variable {settings.environment}", os.environ.get(settings.environment)
    from prefect.blocks.system import Secret

    where = f"the Secret block {settings.prefect} of Prefect's server"
    try:
        held = Secret.load(settings.prefect)
    except ValueError:
        return where, None
    return where, str(held.get())  # type: ignore[union-attr]
