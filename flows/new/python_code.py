"""Python source with lines of at most 120 signs, laid out as the formatter of this project does."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandera.polars as pa

WIDTH = 120


def literal(value: Any) -> str:
    """A text, number, list or mapping as source; texts in double quotes."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        inner = ", ".join(literal(each) for each in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def text(value: str) -> str:
    """A text as the formatter writes it: double quotes unless that takes more backslashes."""
    if '"' in value and "'" not in value:
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def call(start: str, arguments: Sequence[tuple[str, Any]], indent: int = 4) -> str:
    """``start(arguments)`` on one line, or an argument a line; an argument without a name stands by its place."""
    pad = " " * indent
    parts = [f"{name}={literal(value)}" if name else literal(value) for name, value in arguments]
    line = f"{pad}{start}({', '.join(parts)})"
    if len(line) <= WIDTH:
        return line
    inner = "".join(_argument(name, value, indent + 4) for name, value in arguments)
    return f"{pad}{start}(\n{inner}{pad})"


def _argument(name: str, value: Any, indent: int) -> str:
    pad, start = " " * indent, f"{name}=" if name else ""
    line = f"{pad}{start}{literal(value)},\n"
    if len(line) <= WIDTH + 1 or not isinstance(value, Mapping | list | tuple) or not value:
        return line
    items = value.items() if isinstance(value, Mapping) else ((None, each) for each in value)
    rows = "".join(f"{pad}    {literal(k) + ': ' if k is not None else ''}{literal(each)},\n" for k, each in items)
    opened, closed = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
    return f"{pad}{start}{opened}\n{rows}{pad}{closed},\n"


def attribute(name: str, taken: Sequence[str] = ()) -> str:
    """A name of Python for a column: itself, or the like where it is none or means something else in a model."""
    found = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "column"
    if not found[0].isalpha():
        found = f"column_{found}"
    while keyword.iskeyword(found) or hasattr(pa.DataFrameModel, found) or found in RESERVED or found in taken:
        found += "_"
    return found


# what the written modules call otherwise
RESERVED = ("Config", "pl", "int", "float", "str", "number", "integer", "category", "binary", "flag", "time_of_day")


CLASSES = ("Table", "Contract", "CONTRACT")


def class_name(table: str) -> str:
    """A name for a table's class: ``blood pressure`` and ``blood_pressure`` are ``BloodPressure``."""
    words = re.split(r"[\W_]+", table, flags=re.ASCII)
    found = "".join(word[:1].upper() + word[1:] for word in words)
    free = found[:1].isalpha() and found not in CLASSES and not keyword.iskeyword(found)
    return found if free else f"Table{found}"
