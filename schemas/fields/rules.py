"""What every kind of field has: the rules of one column, beside which its kind reads, checks and describes it."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

import pandera.polars as pa
import polars as pl

from schemas.fields.looks import text_looks
from schemas.fields.plain import Plain

Privacy = Literal["identifier", "quasi_identifier", "sensitive", "health"]
Action = Literal["null", "reject"]
Special = Mapping[str | float, str | float]

REFUSED = "refused"
DONT_KNOW = "dont_know"


@dataclass(frozen=True, kw_only=True)
class Rules(ABC):
    """The rules of one column; a kind of field is a class that extends them in a file of its own.

    Attributes:
        title: words for a reader.
        name: the column's real name, where it is no name of Python, such as ``sample.yr``, ``lambda`` or
            ``Resting BP``; empty where the attribute of the model is the name.
        unit: unit of a number.
        special: raw code (a number) or label (text) to a rule, under which the cell is nulled and counted, or to the
            number that it stands for ("more than 21" stands for 22, the smallest value that the answer admits).
        privacy: identifier, quasi_identifier, sensitive or health.
        on_failure: ``null`` empties the cell and counts it, ``reject`` sends the row to the rejects.
        nullable: whether the cell may be empty; an empty cell of a column that is not rejects the row.

    Class attributes, of the kind:
        kind: its name in the registry.
        words: what a data dictionary calls it.
        dtype: of the typed column; the model annotates the column with it.
        faults: the rules that a cell breaks by what is written in it; it is then counted what such cells look like.
        recoded: the notes of ``parse`` that say only how a good value was read.
        stored: types other than text and numbers that a file may store such a column in.
        is_key: whether it is the key of a person.
        empty_is_answer: whether an empty cell says something too, so that a column without any value is no hole.
    """

    title: str
    name: str = ""
    unit: str = ""
    special: Special = field(default_factory=dict)
    privacy: Privacy = "health"
    on_failure: Action = "null"
    nullable: bool = True

    kind: ClassVar[str]
    words: ClassVar[str]
    dtype: ClassVar[type[pl.DataType]]
    faults: ClassVar[tuple[str, ...]] = ()
    recoded: ClassVar[tuple[str, ...]] = ()
    stored: ClassVar[tuple[type[pl.DataType], ...]] = ()
    is_key: ClassVar[bool] = False
    empty_is_answer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name, known in (("privacy", Privacy), ("on_failure", Action)):
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"{self.title}: {name} is none of {', '.join(get_args(known))}")
        if not self.nullable and self.on_failure != "reject":
            raise ValueError(f"{self.title}: a column that may not be empty rejects the row, it cannot null the cell")
        # Polars takes such a name for a pattern of names, and a header's names are read without blanks around them
        if self.name == "*" or (self.name.startswith("^") and self.name.endswith("$")):
            raise ValueError(f"{self.title}: a column cannot have the name {self.name}: rename it in the file")
        if self.name != self.name.strip() or not self.name.isprintable():
            raise ValueError(f"{self.title}: name has blanks around it or signs that cannot be seen; take them out")

    @classmethod
    def declare(cls, **options: Any) -> Any:
        """A column of a model with these rules.

        Raises:
            ValueError: for an option that the kind does not have, or that contradicts another.
        """
        known = [each.name for each in dataclasses.fields(cls)]
        if unknown := [name for name in options if name not in known]:
            raise ValueError(
                f"{options.get('title')}: the kind {cls.kind} has no {', '.join(unknown)}; it has {', '.join(known)}"
            )
        rules = cls(**options)
        return pa.Field(
            nullable=rules.nullable,
            title=rules.title,
            alias=rules.name or None,
            metadata={"rules": rules},
            **rules.checks(),
        )

    @abstractmethod
    def checks(self) -> dict[str, Any]:
        """Arguments of Pandera's ``Field`` beyond title and nullable: what a typed value must be."""

    @abstractmethod
    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Typed values of a column, and the rule that a cell met where it did not simply say what it holds.

        A cell is read by itself, whatever the others hold: a long column is given as its distinct cells.

        Args:
            cells: one column, ``text``: stripped, null where blank.

        Returns:
            ``value``, null where it cannot be read, and ``rule``: of ``faults``, ``recoded`` or ``special``, or null.
        """

    def plain(self, text: pl.Series) -> Plain | None:
        """The cells of a column that simply say what they hold, read at once; ``parse`` gives the same more slowly.

        Args:
            text: the cells as they stand in the file, text or numbers.

        Returns:
            None where a kind, or a type of cells, has no such way.
        """
        return None

    @abstractmethod
    def values(self) -> str:
        """What a good value is, for the data dictionary."""

    def special_codes(self) -> list[str]:
        """Answers that are not a value, for the data dictionary."""
        return [
            f"{figure(code)} {meaning if isinstance(meaning, str) else f'= {figure(meaning)}'}"
            for code, meaning in self.special.items()
        ]

    def raw_labels(self) -> Mapping[str, str]:
        """Raw text that is declared beside special answers, to what it is read as."""
        return {}

    def meanings(self) -> dict[str, str]:
        """Every raw text that is declared, to what it means in words: codes, labels and special answers."""
        return {figure(code): figure(meaning) for code, meaning in self.special.items()}

    def looks(self) -> Iterator[tuple[str, pl.Expr]]:
        """What a broken cell may look like, each with the condition on ``text``; the first that fits counts."""
        yield from text_looks([*self.raw_labels(), *map(str, self.special)])

    def answers(self) -> list[str]:
        """The rules of the special answers that are no value."""
        return [meaning for meaning in self.special.values() if isinstance(meaning, str)]


def figure(value: str | float | None) -> str:
    """A number as a person writes it; text as it is."""
    return "any" if value is None else value if isinstance(value, str) else f"{value:.15g}"
