"""Reading of figures, which the kinds ``number``, ``integer`` and ``binary`` share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.fields.cells import mapped
from schemas.fields.looks import UNIT, code_looks, number_looks
from schemas.fields.plain import Mask, Plain, numbers_of, plain_numbers
from schemas.fields.rules import Rules, figure

Conversion = float | tuple[float, float]
SAS_ZERO = 5.397605346934028e-79  # what a zero of the SAS transport format becomes when read without repair
NOISE = 1e-6  # a number that is so near to one of the column's decimals is that number
_SAS_SHARE = (0.999, 1.001)
_PLAIN, _MOST_PLACES = 1e9, 4  # beyond these a number is read one by one: libraries round such in different ways


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

    def plain(self, text: pl.Series) -> Plain | None:
        """Finite numbers of the column's decimals, and numbers that are special answers."""
        numbers = numbers_of(text)
        if numbers is None or (self.places or 0) > _MOST_PLACES:
            return None
        noted: dict[str, Mask] = {}
        with np.errstate(invalid="ignore", over="ignore"):
            good = np.abs(numbers) < _PLAIN
            if (zero := self._sas_zeros(numbers)) is not None:
                numbers = np.where(zero, 0.0, numbers)
                if self.sas_zero:
                    noted["sas_zero"] = zero
                else:
                    good &= ~zero
            values = numbers
            if self.places is not None:
                values = np.round(numbers, self.places)
                good &= np.abs(numbers - values) <= NOISE
        for code in self._marked:
            good &= values != code
        fit = good & self.good(values)
        read = values + 0.0  # no minus zero
        for code, meaning in self._special((int, float), (str, int, float)).items():
            hit = (good if isinstance(meaning, str) else fit) & (values == code)
            if not hit.any():
                continue
            fit |= hit
            read[hit] = np.nan if isinstance(meaning, str) else meaning
            noted = {rule: mask & ~hit for rule, mask in noted.items()}
            rule = meaning if isinstance(meaning, str) else "coded_bound"
            noted[rule] = noted[rule] | hit if rule in noted else hit
        return plain_numbers(text, read, fit, noted)

    def _sas_zeros(self, numbers: npt.NDArray[np.float64]) -> Mask | None:
        """Where a number is what a zero of the SAS transport format becomes; None if nowhere."""
        tiny = (numbers > 0) & (numbers < 2 * SAS_ZERO)
        if not tiny.any():
            return None
        share = numbers / SAS_ZERO
        zero: Mask = (share >= _SAS_SHARE[0]) & (share <= _SAS_SHARE[1])
        return zero

    def good(self, numbers: npt.NDArray[np.float64]) -> Mask:
        """Which numbers break none of the kind's own rules."""
        return np.ones(len(numbers), bool)

    @cached_property
    def _marked(self) -> tuple[float, ...]:
        """Numbers of which the text may stand for something else."""
        codes = []
        for code in (*self._special(str, (str, int, float)), *self.raw_labels()):
            with suppress(ValueError):
                codes.append(float(code))
        return tuple(codes)

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
        column = column.with_columns(sas_zero=(read / SAS_ZERO).is_between(*_SAS_SHARE))
        column = column.with_columns(number=pl.when("sas_zero").then(0.0).otherwise(read))
        rounded = number if self.places is None else number.round(self.places)
        column = column.with_columns(fits=(number - rounded).abs() <= NOISE)
        column = column.with_columns(number=pl.when("fits").then(rounded).otherwise(number))
        column = column.with_columns(number=pl.when(number == 0).then(0.0).otherwise(number))  # minus zero is zero
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
