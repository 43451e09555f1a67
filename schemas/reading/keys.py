"""Keys of persons: as the contract writes them, and each person under one spelling only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from schemas.faults import TableFault


def without_leading_zeros(keys: pl.Series) -> pl.Series:
    """Numbers as ``1`` where they may stand as ``001`` elsewhere; other keys as they are."""
    return keys.str.replace(r"^0+([0-9]+)$", "$1")


def all_distinct(keys: pl.Series) -> bool:
    """Whether no key occurs twice; keys in their order, as most files have them, are told at once."""
    if is_ascending(keys):
        return True
    return keys.n_unique() == keys.len()


def is_ascending(keys: pl.Series) -> bool:
    """Whether each key is greater than the one before it."""
    return not keys.null_count() and bool((keys.slice(1) > keys.slice(0, max(0, keys.len() - 1))).all())


def _bare(keys: pl.Series) -> pl.Series:
    """Keys without the zeros that they start with, whatever follows: keys that differ here are different persons.

    It takes a third of the time of ``without_leading_zeros``, and what it leaves to that is next to nothing.
    """
    return keys.str.strip_chars_start("0")


@dataclass(frozen=True)
class KeyFacts:
    """What the keys of a table, or of a shard of it, say of it as a whole.

    Attributes:
        repeated: rows that repeat a person's key.
        respelt: rows that repeat it with other zeros in front.
        misspelt: rows that name a person with other zeros in front than the person table does.
        shortest, longest: the least and the most characters of a key.
        zero_in_front: whether a key begins with a zero that another spelling might lack.
    """

    repeated: int = 0
    respelt: int = 0
    misspelt: int = 0
    shortest: int | None = None
    longest: int | None = None
    zero_in_front: bool = False

    @classmethod
    def of(
        cls,
        keys: pl.Series,
        persons: pl.Series | None = None,
        known: pl.Series | None = None,
        of_persons: KeyFacts | None = None,
    ) -> KeyFacts:
        """Those of the keys of a table's rows, null for no key.

        Args:
            keys: one a row.
            persons: those of the person table; None if the keys are theirs.
            known: keys of which it is known that they are among them; null for no key.
            of_persons: what is to be said of the person table's.
        """
        rows = keys.drop_nulls()
        if rows.is_empty():
            return cls()
        ascends = is_ascending(rows)
        one_width = of_persons is not None and of_persons.shortest == of_persons.longest
        if one_width and ascends and rows.len() == keys.len() and known is not None and known.all():
            return cls()  # some of the persons' keys, each once: what there is to say of them is said there
        width = rows.str.len_bytes()
        shortest, longest = (int(str(each)) for each in (width.min(), width.max()))
        # keys of one width that are not the same differ without their zeros too
        repeated, respelt = (0, 0) if shortest == longest and ascends else _repeats(rows)
        misspelt = 0
        if persons is not None:
            misspelt = _misspelt(rows if known is None else keys.filter(~known), persons)
        return cls(repeated, respelt, misspelt, shortest, longest, bool(rows.str.contains("^0[0-9]").any()))

    @classmethod
    def total(cls, several: Iterable[KeyFacts]) -> KeyFacts:
        """Those of several shards or tables together."""
        known = list(several)
        short = [each.shortest for each in known if each.shortest is not None]
        long = [each.longest for each in known if each.longest is not None]
        return cls(
            sum(each.repeated for each in known),
            sum(each.respelt for each in known),
            sum(each.misspelt for each in known),
            min(short, default=None),
            max(long, default=None),
            any(each.zero_in_front for each in known),
        )

    @property
    def may_respell(self) -> bool:
        """Whether 1 and 001 may both be among these keys: some begin with a zero, and not all are of one width."""
        return self.zero_in_front and self.shortest != self.longest

    def fault(self, table: str, file: str, key: str, person_table: str) -> TableFault | None:
        """What is wrong with them, if anything.

        Args:
            table: the table's name.
            file: its file.
            key: the name of the key's column.
            person_table: the name of the person table.
        """
        if self.repeated:
            said = f"{self.repeated} rows repeat a person's {key}; keep one row for each person"
        elif self.respelt:
            said = (
                f"{self.respelt} rows repeat a person's {key} with other zeros in front of it (as 1 and 001 would "
                "be); write every key in one way, and keep one row for each person"
            )
        elif self.misspelt:
            said = (
                f"{self.misspelt} rows name a person's {key} with other zeros in front than {person_table} (as 1 and "
                "001 would be); write every key in one way"
            )
        else:
            return None
        return TableFault(table, f"{file}: {said}")


def _repeats(rows: pl.Series) -> tuple[int, int]:
    """How many rows repeat a key, and how many do with other zeros in front."""
    if _bare(rows).n_unique() == rows.len():
        return 0, 0
    return rows.len() - rows.n_unique(), rows.len() - without_leading_zeros(rows).n_unique()


def _misspelt(rows: pl.Series, persons: pl.Series) -> int:
    """How many rows name one of the persons with other zeros in front."""
    unknown = rows.filter(~rows.is_in(persons.implode()))
    if not unknown.len():
        return 0
    alike = persons.filter(_bare(persons).is_in(_bare(unknown).unique().implode()))
    return int(without_leading_zeros(unknown).is_in(without_leading_zeros(alike).implode()).sum())
