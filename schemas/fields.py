"""Helpers that declare a column once: its dtype, its checks, its special codes and what a failure means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

import pandera.polars as pa
import polars as pl
from pandera.api.checks import Check

Kind = Literal["person_key", "number", "integer", "category", "binary", "flag", "time_of_day"]
Privacy = Literal["identifier", "quasi_identifier", "sensitive", "health"]
Action = Literal["null", "reject"]
Conversion = float | tuple[float, float]
Special = Mapping[str | float, str | float]

# How many of the declared unit one of the other is, for ``other_units``
CHOLESTEROL_MMOL = {"mmol/L": 38.67}  # mg/dL
PRESSURE_KPA = {"kPa": 7.50062}  # mmHg
REFUSED = "refused"
DONT_KNOW = "dont_know"
READS = "reads"  # the statistic of a check that names the columns it reads
SAS_ZERO = 5.397605346934028e-79  # what a zero of the SAS transport format becomes when read without repair

# What a failed check of Pandera's own is called in reasons and counts; a cross-column check goes by its own name.
CHECK_RULES = {
    "in_range": "out_of_range",
    "isin": "undeclared_code",
    "str_matches": "malformed_key",
    "not_nullable": "missing",
    "field_uniqueness": "duplicate_key",
}


class Table(pa.DataFrameModel):
    """A raw table: exactly its columns, in its dtypes."""

    class Config:
        """No coercion: it would hide the rows that fail behind the first bad column."""

        strict = True
        coerce = False


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a column's metadata say beyond its dtype and checks.

    Attributes:
        kind: how the text is read.
        title: words for a reader.
        unit: unit of a number.
        other_units: units in which others send such a column, each with how many ``unit`` one of it is, or with that
            factor and what is then added. Broken values that fit the range after conversion are said to look like that
            unit; none is converted.
        low, high: the plausible range, both ends included.
        decimals: decimals that the source gives. A number within 1e-6 of them is that number: binary noise.
        labels: raw label to category (category), raw text that means ticked to 1 (flag), or raw text beside 0 and 1 to
            one of them (binary). Several raw labels may have one meaning: a code and its words side by side.
        codes: what a number stands for, in words.
        special: raw code (a number) or label (text) to a rule, under which the cell is nulled and counted, or to the
            number that it stands for ("more than 21" stands for 22, the smallest value that the answer admits).
        sas_zero: whether 5.4e-79 stands for zero here.
        pattern: what a person key looks like.
        privacy: identifier, quasi_identifier, sensitive or health.
        on_failure: ``null`` empties the cell and counts it, ``reject`` sends the row to the rejects.
        nullable: whether the cell may be empty; an empty cell of a column that is not rejects the row.
    """

    kind: Kind
    title: str
    unit: str = ""
    other_units: Mapping[str, Conversion] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)
    special: Special = field(default_factory=dict)
    sas_zero: bool = False
    pattern: str = ""
    privacy: Privacy = "health"
    on_failure: Action = "null"
    nullable: bool = True

    def __post_init__(self) -> None:
        for name, known in (("privacy", Privacy), ("on_failure", Action)):
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"{self.title}: {name} is none of {', '.join(get_args(known))}")
        if self.kind == "category" and not self.labels:
            raise ValueError(f"{self.title}: a category needs labels")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise ValueError(f"{self.title}: the range is empty, low {self.low} is above high {self.high}")
        if not self.nullable and self.on_failure != "reject":
            raise ValueError(f"{self.title}: a column that may not be empty rejects the row, it cannot null the cell")
        if self.other_units and self.kind not in ("number", "integer"):
            raise ValueError(f"{self.title}: only a number has other units")
        if self.low is not None and self.high is not None:
            for code, meaning in self.special.items():
                if not isinstance(code, str) and isinstance(meaning, str) and self.low <= code <= self.high:
                    raise ValueError(f"{self.title}: special code {code} lies inside the range of real values")
                if not isinstance(meaning, str) and not self.low <= meaning <= self.high:
                    raise ValueError(f"{self.title}: special code {code} stands for a number outside the range")


def _field(rules: Rules, **checks: Any) -> Any:
    return pa.Field(nullable=rules.nullable, title=rules.title, metadata={"rules": rules}, **checks)


def person_key(title: str, *, pattern: str = r"^[0-9]+$") -> Any:
    """Key of a person, kept as text; one row a person. Dtype String."""
    rules = Rules(
        kind="person_key", title=title, pattern=pattern, privacy="identifier", on_failure="reject", nullable=False
    )
    return _field(rules, str_matches=pattern, unique=True)


def number(title: str, *, unit: str, low: float, high: float, **options: Any) -> Any:
    """A measured quantity, or an amount. Dtype Float64; ``options`` are those of ``Rules``."""
    rules = Rules(kind="number", title=title, unit=unit, low=low, high=high, **options)
    return _field(rules, in_range=(low, high))


def integer(title: str, *, low: int, high: int, unit: str = "", **options: Any) -> Any:
    """A count, a whole number or a score. Dtype Int64; ``options`` are those of ``Rules``."""
    rules = Rules(kind="integer", title=title, unit=unit, low=low, high=high, **options)
    return _field(rules, in_range=(low, high))


def score(title: str, codes: Mapping[int, str], **options: Any) -> Any:
    """A whole number that stands for the words in ``codes``. Dtype Int64."""
    rules = Rules(kind="integer", title=title, codes=codes, **options)
    return _field(rules, isin=list(codes))


def category(title: str, labels: Mapping[str, str] | Iterable[str], **options: Any) -> Any:
    """One of some names, in a sensible order. Dtype Enum of the clean names.

    ``labels`` maps each raw label (a code's text too) to its clean name, or lists names that need no cleaning. Where a
    source sends codes and words, it maps both: ``{"1": "Typical angina", "Typical angina": "Typical angina"}``.
    """
    names = dict(labels) if isinstance(labels, Mapping) else {label: label for label in labels}
    rules = Rules(kind="category", title=title, labels=names, **options)
    return _field(rules, dtype_kwargs={"categories": list(dict.fromkeys(names.values()))})


def binary(title: str, *, yes: Iterable[str] = (), no: Iterable[str] = (), **options: Any) -> Any:
    """No or yes, 0 or 1. Dtype Int8. ``yes`` and ``no`` are raw texts that stand for 1 and 0 beside these codes."""
    labels = {**dict.fromkeys(no, "0"), **dict.fromkeys(yes, "1")}
    return _field(Rules(kind="binary", title=title, codes={0: "No", 1: "Yes"}, labels=labels, **options), isin=[0, 1])


def flag(title: str, code: str, **options: Any) -> Any:
    """One of several answers that may be ticked: ``code`` where ticked, else empty. Dtype Int8, 1 or null."""
    rules = Rules(kind="flag", title=title, labels={code: "1"}, codes={1: "Ticked"}, **options)
    return _field(rules, isin=[1])


def time_of_day(title: str, **options: Any) -> Any:
    """A clock time, ``23:30`` or ``b'23:30'``, as minutes after midnight. Dtype Int64."""
    rules = Rules(kind="time_of_day", title=title, unit="minutes after midnight", low=0, high=1439, **options)
    return _field(rules, in_range=(0, 1439))


def across(*columns: str, name: str, why: str, holds: pl.Expr) -> Any:
    """Check of ``columns`` that reads other columns of the row too; rows where ``holds`` is null pass.

    It is a check of single columns: a check of the frame would put whole rows into Pandera's failure cases.
    """

    def check(cls: type[Any], data: Any) -> pl.LazyFrame:
        # an empty cell contradicts nothing
        return data.lazyframe.select(pl.col(data.key).is_null() | holds)  # type: ignore[no-any-return]

    reads = (*dict.fromkeys((*columns, *holds.meta.root_names())),)
    return pa.check(*columns, name=name, description=why, statistics={READS: reads})(check)


class ModelView:
    """What the machinery needs of a model, read from it once."""

    _cache: ClassVar[dict[type[pa.DataFrameModel], ModelView]] = {}

    def __init__(self, model: type[pa.DataFrameModel]) -> None:
        schema = model.to_schema()
        self.name = model.__name__
        self.title = (model.__doc__ or "").strip().split("\n")[0].rstrip(".")
        self.dtypes: dict[str, pl.DataType] = {name: column.dtype.type for name, column in schema.columns.items()}
        self.checks: dict[str, list[Check]] = {name: list(column.checks) for name, column in schema.columns.items()}
        bare = [name for name, column in schema.columns.items() if "rules" not in (column.metadata or {})]
        if bare:
            raise ValueError(
                f"model {self.name}: {', '.join(bare)} lacks a helper of schemas.fields: "
                "declare it with number, integer, score, category, binary, flag, time_of_day or person_key"
            )
        self.rules: dict[str, Rules] = {name: column.metadata["rules"] for name, column in schema.columns.items()}
        keys = [name for name, rules in self.rules.items() if rules.kind == "person_key"]
        if len(keys) != 1:
            raise ValueError(f"model {self.name} needs one person key, found {len(keys)}")
        self.key = keys[0]

    @classmethod
    def of(cls, model: type[pa.DataFrameModel]) -> ModelView:
        """The view of ``model``."""
        if model not in cls._cache:
            cls._cache[model] = cls(model)
        return cls._cache[model]


def categories(model: type[pa.DataFrameModel], column: str) -> tuple[str, ...]:
    """The clean names of a category column, in the model's order.

    Raises:
        KeyError: if the model has no such category column.
    """
    dtype = ModelView.of(model).dtypes.get(column)
    if not isinstance(dtype, pl.Enum):
        raise KeyError(f"{model.__name__} has no category column {column}")
    return tuple(dtype.categories)
