"""A split file of more people than memory: one part a person, read by ranges of their keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from flows.features.newcomers import with_newcomers
from flows.features.splits import LINE, PARTS, SplitError, cell_faults, header_of, resample_columns
from flows.project.settings import SplitSettings
from mtl_models.data.dataset import PERSON


@dataclass
class SplitScan:
    """A split file of kind ``fixed``; what is wrong in a range of keys stops where that range is read.

    Attributes:
        raw: the folder with the file.
        settings: the study's.
        newcomers: the parts of people who came after the split was made.
        n_of: people of the cohort by part, so far.
    """

    raw: Path
    settings: SplitSettings
    newcomers: pl.DataFrame | None = None
    n_of: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        header_of(self.raw / self.settings.file, self.settings)

    def of(self, people: pl.DataFrame, low: str | None, high: str | None) -> pl.DataFrame:
        """The splits of people whose keys lie in a range, in their order, as :func:`flows.features.splits.read_splits`.

        Args:
            people: all of the cohort in the range.
            low, high: the first key of the range, and the first behind it; None where it has no end.

        Raises:
            SplitError: with what is wrong with the range's rows, or if someone is not in the file.
        """
        person = pl.col(self.settings.person).str.strip_chars()
        rows = pl.scan_csv(
            self.raw / self.settings.file,
            infer_schema=False,
            glob=False,
            row_index_name=LINE,
            with_column_names=lambda names: [name.strip() for name in names],
        )
        cells = rows.select(
            person.replace("", None).alias(PERSON),
            pl.col("split").str.strip_chars().replace("", None),
            pl.col(LINE).cast(pl.Int64) + 2,
        ).filter(between(pl.col(PERSON), low, high) | pl.col(PERSON).is_null())
        try:
            held = cells.collect(engine="streaming")
        except pl.exceptions.PolarsError as error:  # whose own text may hold a row
            said = f"it is no CSV file in UTF-8 with as many fields a row as the header ({type(error).__name__})"
            raise SplitError(f"{self.settings.file}: {said}: write it as one") from None
        faults = cell_faults(held, self.settings, whole=False)
        known = with_newcomers(held, self.newcomers)
        if missing := int((~people[PERSON].is_in(known[PERSON].drop_nulls().implode())).sum()):
            faults.append(f"{missing} or more people of the cohort have no split: give each a part")
        self._require_none(faults)
        joined = people.select(PERSON).join(known.drop(LINE), on=PERSON, how="left", maintain_order="left")
        self.n_of.update(dict(joined["split"].value_counts().iter_rows()))
        return resample_columns(joined, self.settings.kind)

    def require_parts(self) -> None:
        """Make sure, once all ranges were read, that every part has somebody.

        Raises:
            SplitError: if not.
        """
        if empty := [part for part in PARTS if not self.n_of[part]]:
            where = " and ".join(empty)
            self._require_none([f"the part {where} has nobody of the cohort: give it people, or split anew"])

    def _require_none(self, faults: list[str]) -> None:
        if faults:
            raise SplitError(*(f"{self.settings.file}: {fault}" for fault in faults))


def between(key: pl.Expr, low: str | None, high: str | None) -> pl.Expr:
    """Whether a key lies in a range."""
    inside = pl.lit(value=True)
    if low is not None:
        inside &= key >= low
    if high is not None:
        inside &= key < high
    return inside
