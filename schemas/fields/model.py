"""A table's model: the class that a study writes, checks over several columns, and what the machinery reads from it."""

from __future__ import annotations

from typing import Any, ClassVar

import pandera.polars as pa
import polars as pl
from pandera.api.checks import Check

from schemas.fields.category import Category
from schemas.fields.person_key import PersonKey
from schemas.fields.registry import KINDS
from schemas.fields.rules import Rules

READS = "reads"  # the statistic of a check that names the columns it reads

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


def across(*columns: str, name: str, why: str, holds: pl.Expr) -> Any:
    """Check of ``columns`` that reads other columns of the row too; rows where ``holds`` is null pass.

    Columns go by their real names. It is a check of single columns: a check of the frame would put whole rows into
    Pandera's failure cases.
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
                f"model {self.name}: {', '.join(bare)} lacks a helper of schemas.fields: declare it with one of "
                f"{', '.join(KINDS)} or score"
            )
        self.rules: dict[str, Rules] = {name: column.metadata["rules"] for name, column in schema.columns.items()}
        self._check_names(model)
        self._check_types()
        keys = [name for name, rules in self.rules.items() if rules.is_key]
        if len(keys) != 1:
            raise ValueError(f"model {self.name} needs one person key, found {len(keys)}")
        self.key = keys[0]

    def _check_names(self, model: type[pa.DataFrameModel]) -> None:
        # a model keeps one of two columns of the same name, and loses the other in silence
        declared = {name for each in model.__mro__ for name in vars(each).get("__annotations__", {})}
        named = [name for name in declared if not name.startswith("_") and getattr(model, name, "") in self.rules]
        if len(named) != len(self.rules):
            raise ValueError(f"model {self.name}: two columns have one name; `name` must be another for each")

    def _check_types(self) -> None:
        for name, rules in self.rules.items():
            if self.dtypes[name].base_type() != rules.dtype:
                raise ValueError(
                    f"model {self.name}: {name} is annotated as {self.dtypes[name].base_type().__name__}, but the kind "
                    f"{rules.kind} gives {rules.dtype.__name__}; annotate it with that"
                )

    @property
    def key_pattern(self) -> str:
        """What the person key looks like, as a regular expression."""
        rules = self.rules[self.key]
        return rules.expression if isinstance(rules, PersonKey) else ""

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
    rules = ModelView.of(model).rules.get(column)
    if not isinstance(rules, Category):
        raise KeyError(f"{model.__name__} has no category column {column}")
    return tuple(rules.names)
