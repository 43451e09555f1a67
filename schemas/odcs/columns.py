"""Columns of a published table, by its Pandera model, as properties of an Open Data Contract."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import pandera.polars as pa
import polars as pl

Property = dict[str, Any]
_TYPES: dict[str, tuple[str, str]] = {
    "String": ("string", "string"),
    "Date": ("date", "date"),
    "Boolean": ("boolean", "boolean"),
    "Int8": ("integer", "byte"),
    "Int32": ("integer", "integer"),
    "Int64": ("integer", "long"),
    "Float32": ("number", "float"),
    "Float64": ("number", "double"),
    "Datetime": ("timestamp", "timestamp"),
}
"""What the standard calls a type, and what Delta does, by the name of Polars' class."""


def properties_of(
    schema: pa.DataFrameSchema,
    meanings: Mapping[str, str],
    *,
    keys: Collection[str] = (),
    partition: str = "",
    later: Collection[str] = (),
) -> list[Property]:
    """One property a column.

    Args:
        schema: of the table.
        meanings: of every column, in words.
        keys: columns that together name a row.
        partition: the column that the table is parted by.
        later: columns that may be empty for rows of before they were added, whatever the schema asks of new rows.

    Raises:
        KeyError: if a column has no meaning.
    """
    found = []
    for name, column in schema.columns.items():
        made: Property = {"name": name, **_typed(column.dtype.type), "description": meanings[name]}
        made["required"] = not column.nullable and name not in later
        if column.unique and not partition:
            made["unique"] = True
        if name in keys:
            made |= {"primaryKey": True, "primaryKeyPosition": list(keys).index(name) + 1}
        if name == partition:
            made |= {"partitioned": True, "partitionKeyPosition": 1}
        made |= _allowed(column, made["logicalType"])
        if unit := (column.metadata or {}).get("unit"):
            made["customProperties"] = [{"property": "unit", "value": unit}]
        found.append(made)
    return found


def _typed(dtype: pl.DataType) -> Property:
    if isinstance(dtype, pl.List):
        inner = _typed(dtype.inner)  # type: ignore[arg-type]
        return {"logicalType": "array", "physicalType": f"array<{inner['physicalType']}>", "items": inner}
    if isinstance(dtype, pl.Struct):
        fields = [{"name": field.name, **_typed(field.dtype)} for field in dtype.fields]  # type: ignore[arg-type]
        text = ",".join(f"{field['name']}:{field['physicalType']}" for field in fields)
        return {"logicalType": "object", "physicalType": f"struct<{text}>", "properties": fields}
    logical, physical = _TYPES[str(dtype.base_type())]
    return {"logicalType": logical, "physicalType": physical}


def _allowed(column: pa.Column, logical: str) -> Property:
    """What a value may be, by the checks that say it in figures."""
    made: Property = {}
    options: dict[str, Any] = {}
    for check in column.checks:
        said = check.statistics or {}
        if "allowed_values" in said:
            made["enum"] = [{"value": value} for value in said["allowed_values"]]
        if "pattern" in said:
            pattern = said["pattern"]
            options["pattern"] = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
        for bound, key in (("min_value", "minimum"), ("max_value", "maximum")):
            if bound in said and abs(said[bound]) != float("inf"):
                options[key] = said[bound]
    if values := (column.metadata or {}).get("values"):
        made["items"] = {"logicalType": "string", "physicalType": "string", "enum": [{"value": v} for v in values]}
    if options:
        made["logicalTypeOptions"] = options
    return made
