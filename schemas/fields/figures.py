"""Reading of figures, which the kinds ``number``, ``integer`` and ``binary`` share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from schemas.fields.cells import mapped
from schemas.fields.looks import UNIT, code_looks, number_looks
from schemas.fields.rules import Rules, figure

Conversion = float | tuple[float, float]
SAS_ZERO = 5.397605346934028e-79  # what a zero of the SAS transport format becomes when read without repair


@dataclass(frozen=True, kw_only=True)
class Figures(Rules):
    """A column whose text is a figure.

    Attributes:
        sas_zero: whether 5.4e-79 stands for zero here.
    """

    sas_zero: bool = False

    recoded = ("coded_bound", "sas_zero")

    @property
    @abstractmethod
    def places(self) -> int | None:
        """Decimals that a value has; None for any number of them."""

    @property
    def coded(self) -> Mapping[int, str]:
        """What the numbers stand for, in words, where they are codes."""
        return {}

    def unfit(self) -> dict[str, pl.Expr]:
        """Further faults by rule, conditions on ``number`` and ``fits`` (whether it has no more decimals)."""
        return {}

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Numbers, special answers told apart. One within 1e-6 of its decimals is that number: binary noise."""
        figures = (int, float)
        text, read, number = pl.col("text"), pl.col("read"), pl.col("number")
        bounds = self._special(str, figures)
        column = cells.with_columns(
            read=pl.coalesce(
                mapped("text", bounds, pl.Float64),
                mapped("text", {label: float(code) for label, code in self.raw_labels().items()}, pl.Float64),
                text.cast(pl.Float64, strict=False),
            ),
            worded=text.is_in(list(bounds)),
        )
        column = column.with_columns(sas_zero=(read / SAS_ZERO).is_between(0.999, 1.001))
        column = column.with_columns(number=pl.when("sas_zero").then(0.0).otherwise(read))
        rounded = number if self.places is None else number.round(self.places)
        column = column.with_columns(fits=(number - rounded).abs() <= 1e-6)
        column = column.with_columns(number=pl.when("fits").then(rounded).otherwise(number) + 0.0)  # no minus zero
        column = column.with_columns(
            answer=pl.coalesce(
                mapped("text", self._special(str, str), pl.String),
                mapped("number", self._special(figures, str), pl.String),
            ),
            bound=mapped("number", self._special(figures, figures), pl.Float64),
            fault=pl.coalesce(pl.when(broken).then(pl.lit(rule)) for rule, broken in self._faults().items()),
        )
        recoded = pl.coalesce(
            pl.when(pl.col("bound").is_not_null() | pl.col("worded")).then(pl.lit("coded_bound")),
            pl.when("sas_zero").then(pl.lit("sas_zero")),
        )
        return column.select(
            value=pl.when(pl.col("answer").is_null() & pl.col("fault").is_null()).then(pl.coalesce("bound", "number")),
            rule=pl.coalesce("answer", "fault", recoded),
        )

    def _special(self, code: type | tuple[type, ...], meaning: type | tuple[type, ...]) -> dict[Any, Any]:
        """Special answers that are written as ``code`` (text or number) and mean a rule (text) or a number."""
        return {k: v for k, v in self.special.items() if isinstance(k, code) and isinstance(v, meaning)}

    def _faults(self) -> dict[str, pl.Expr]:
        read = pl.col("read")
        faults = {"not_a_number": pl.col("text").is_not_null() & (read.is_null() | ~read.is_finite())}
        if not self.sas_zero:
            faults["undeclared_sas_zero"] = pl.col("sas_zero")
        return faults | self.unfit()

    def special_codes(self) -> list[str]:
        """The special answers, and how a zero arrives in SAS files."""
        return [*super().special_codes(), *(["5.4e-79 = 0"] if self.sas_zero and 0 not in self.special else [])]

    def meanings(self) -> dict[str, str]:
        """Codes and labels beside the special answers."""
        codes = {str(code): words for code, words in self.coded.items()}
        labels = {label: codes.get(code, code) for label, code in self.raw_labels().items()}
        return {**labels, **codes, **super().meanings()}

    def looks(self) -> Iterator[tuple[str, pl.Expr]]:
        """What is not declared where numbers are codes; else what stands where a number should."""
        yield from super().looks()
        yield from code_looks() if self.coded else self.amount_looks()

    def amount_looks(self) -> Iterator[tuple[str, pl.Expr]]:
        """Looks of a cell that holds no amount."""
        yield from number_looks()


@dataclass(frozen=True, kw_only=True)
class Amount(Figures):
    """A figure that may have a plausible range.

    Attributes:
        low, high: the plausible range, both ends included.
        other_units: units in which others send such a column, each with how many ``unit`` one of it is, or with that
            factor and what is then added. Broken values that fit the range after conversion are said to look like that
            unit; none is converted.
    """

    low: float | None = None
    high: float | None = None
    other_units: Mapping[str, Conversion] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low is not None and self.high is not None:
            check_range(self, self.low, self.high)

    def checks(self) -> dict[str, Any]:
        """In its range."""
        return {"in_range": (self.low, self.high)}

    def values(self) -> str:
        """The range."""
        return f"{figure(self.low)} to {figure(self.high)}"

    def amount_looks(self) -> Iterator[tuple[str, pl.Expr]]:
        """Zeros and other units, besides."""
        if self.low is not None and self.high is not None:
            number = pl.col("text").cast(pl.Float64, strict=False)
            yield "zero", number == 0
            for unit, conversion in self.other_units.items():
                factor, offset = conversion if isinstance(conversion, tuple) else (conversion, 0.0)
                yield f"{UNIT}{unit}", (number * factor + offset).is_between(self.low, self.high)
        yield from super().amount_looks()


def check_range(rules: Rules, low: float, high: float) -> None:
    """Make sure that a range holds something, no special code of a non-answer, and every number that one stands for.

    Raises:
        ValueError: if not.
    """
    if not low <= high:
        raise ValueError(f"{rules.title}: the range is empty, low {low} is above high {high}")
    for code, meaning in rules.special.items():
        if not isinstance(code, str) and isinstance(meaning, str) and low <= code <= high:
            raise ValueError(f"{rules.title}: special code {code} lies inside the range of real values")
        if not isinstance(meaning, str) and not low <= meaning <= high:
            raise ValueError(f"{rules.title}: special code {code} stands for a number outside the range")
