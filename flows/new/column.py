"""What is guessed of a column, and what a person is asked to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flows.new.codes import words_for

Kind = Literal["person_key", "number", "integer", "category", "binary", "flag", "time_of_day"]
Wanted = Literal["number", "category", "binary"]
Theme = Literal["outcome", "special", "codes", "far", "rare", "empty", "constant", "left", "unfit"]

# what each list on the terminal is called, in the order of the lists
THEMES: dict[Theme, str] = {
    "outcome": "outcomes as they are read",
    "special": "codes and words taken for no value (emptied, counted under that name)",
    "codes": "whole numbers of few values: names of something, or amounts?",
    "far": "a value far from all others lies inside the range: a mistake, or another unit?",
    "rare": "words of few people, not written into the contract (emptied, counted; --keep COLUMN writes them)",
    "empty": "more than half empty",
    "constant": "the same for everybody: in the contract, no feature (--keep COLUMN makes one)",
    "left": "left out, of data/raw too (--keep COLUMN declares one all the same)",
    "unfit": "left out, of data/raw too, and not to be kept as they are",
}


class ColumnError(ValueError):
    """A column that cannot be what was asked for."""


@dataclass(frozen=True)
class Wish:
    """What a person asked of a column.

    Attributes:
        wanted: what it must be, for an outcome; guessed if left out.
        yes: the code or word that means yes, for an outcome of two.
        keep: whether it stays where it would be left out, with words that few people have.
    """

    wanted: Wanted | None = None
    yes: str = ""
    keep: bool = False


ANY = Wish()


@dataclass(frozen=True)
class Judgement:
    """One guess that a person should look at: a column and words on it, which hold no value but declared codes."""

    theme: Theme
    column: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column as it will be declared.

    Attributes:
        name: in the file.
        kind: the helper of ``schemas.fields`` that declares it.
        title: words for a reader.
        arguments: of the helper, beside the title.
        comments: what was guessed, one line each.
        feature: whether a feature is made of it.
        judgements: what to look at.
    """

    name: str
    kind: Kind
    title: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    feature: bool = True
    judgements: tuple[Judgement, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of a category, in their order."""
        labels = self.arguments.get("labels", ())
        return tuple(dict.fromkeys(labels.values() if isinstance(labels, Mapping) else labels))


@dataclass(frozen=True)
class LeftOut:
    """A column that no table of the study gets, and why.

    Attributes:
        may_stay: whether it can be declared if a person wishes so; if not, ``why`` says what to do.
    """

    name: str
    why: str
    may_stay: bool = True

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """What to look at."""
        return (Judgement("left" if self.may_stay else "unfit", self.name, self.why),)


def said_special(name: str, special: Mapping[Any, str]) -> tuple[tuple[str, ...], tuple[Judgement, ...]]:
    """Comment and judgement on guessed codes for no value."""
    if not special:
        return (), ()
    return ("guessed: the special codes",), (Judgement("special", name, words_for(special)),)
