"""The kind ``category``: one of some names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.fields.cells import labelled
from schemas.fields.looks import code_looks
from schemas.fields.plain import Plain, plain_labels
from schemas.fields.rules import Rules


@dataclass(frozen=True, kw_only=True)
class Category(Rules):
    """One of some names, in a sensible order.

    Attributes:
        labels: raw label, a code's text too, to clean name. Several raw labels may have one meaning: a code and its
            words side by side.
    """

    labels: Mapping[str, str]

    kind = "category"
    words = "category"
    dtype = pl.Enum
    faults = ("undeclared_code",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.labels:
            raise ValueError(f"{self.title}: a category needs labels")

    @property
    def names(self) -> list[str]:
        """The clean names in their order."""
        return list(dict.fromkeys(self.labels.values()))

    def checks(self) -> dict[str, Any]:
        """Its dtype has no other names."""
        return {"dtype_kwargs": {"categories": self.names}}

    def plain(self, text: pl.Series) -> Plain | None:
        """The clean names of labels."""
        return plain_labels(text, self.labels, self.special, pl.Enum(self.names))

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The clean name of a label."""
        return labelled(cells, self.labels, self.special, pl.Enum(self.names))

    def values(self) -> str:
        """The labels."""
        return "; ".join(raw if raw == name else f"{raw} → {name}" for raw, name in self.labels.items())

    def raw_labels(self) -> Mapping[str, str]:
        """The labels."""
        return self.labels

    def meanings(self) -> dict[str, str]:
        """Labels and special answers."""
        return {**self.labels, **super().meanings()}

    def looks(self) -> Iterator[tuple[str, pl.Expr]]:
        """Labels that are not declared, besides."""
        yield from super().looks()
        yield from code_looks()


def category(title: str, labels: Mapping[str, str] | Iterable[str], **options: Any) -> Any:
    """One of some names, in a sensible order. Dtype Enum of the clean names.

    ``labels`` maps each raw label (a code's text too) to its clean name, or lists names that need no cleaning. Where a
    source sends codes and words, it maps both: ``{"1": "Typical angina", "Typical angina": "Typical angina"}``.
    """
    names = dict(labels) if isinstance(labels, Mapping) else {label: label for label in labels}
    return Category.declare(title=title, labels=names, **options)
