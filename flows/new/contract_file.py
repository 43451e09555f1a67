"""`schemas/<study>/__init__.py` of a study: its contract as source."""

from __future__ import annotations

from typing import Any

from flows.new.column import Column
from flows.new.marks import HERE, marked
from flows.new.plan import Plan, PlannedTable
from flows.new.python_code import attribute, call, class_name, literal

_TYPES = {
    "person_key": "str",
    "number": "float",
    "integer": "int",
    "category": "pl.Enum",
    "binary": "pl.Int8",
    "flag": "pl.Int8",
    "time_of_day": "int",
}
_POSITIONAL = {"category": "labels", "flag": "code"}
_HEAD = '''"""The contract of {title}: {n_tables} keyed by {key}.

Guessed from the tables alone. Judge it, line by line: a range is what was seen with a margin, and should be what is
possible; a code for no value may be a value; a whole number may be a name. `docs/{study}.md` is made from this file:
`python -m schemas.describe {study} > docs/{study}.md`.
"""

{mark}
from __future__ import annotations

{polars}from schemas.contract import Contract
from schemas.fields import {helpers}
'''


def contract_source(plan: Plan) -> str:
    """The module."""
    helpers = sorted({column.kind for table in plan.tables for column in table.columns})
    body = [_model(table) for table in plan.tables]
    n = len(plan.tables)
    head = _HEAD.format(
        title=_quoted(plan.request.title or plan.study),
        n_tables="one raw table" if n == 1 else f"{n} raw tables",
        key=_quoted(plan.request.key),
        study=plan.study,
        mark=HERE,
        polars="import polars as pl\n\n" if any("pl." in each for each in body) else "",
        helpers=", ".join(["Table", *helpers]),
    )
    return marked("\n\n".join([head, *(f"{each}\n" for each in body), f"{_contract(plan)}\n"]))


def _quoted(text: str) -> str:
    """Words in a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def _model(table: PlannedTable) -> str:
    title = _quoted(table.source.title or f"The table {table.name}").rstrip(".")
    lines = [f"class {class_name(table.name)}(Table):", f'    """{title}."""', ""]
    taken: list[str] = []
    for column in table.columns:
        lines += [f"    # {comment}" for comment in column.comments]
        taken.append(attribute(column.name, taken))
        lines.append(_field(column, taken[-1]))
    lines += [f"    # left out: {literal(left.name)}, {left.why}" for left in table.left]
    return "\n".join(lines)


def _field(column: Column, name: str) -> str:
    given = dict(column.arguments)
    arguments: list[tuple[str, Any]] = [("", column.title)]
    if first := _POSITIONAL.get(column.kind):
        arguments.append(("", given.pop(first)))
    arguments += given.items()
    if name != column.name:
        arguments.append(("name", column.name))
    return call(f"{name}: {_TYPES[column.kind]} = {column.kind}", arguments)


def _contract(plan: Plan) -> str:
    tables = ", ".join(f"{literal(table.name)}: {class_name(table.name)}" for table in plan.tables)
    optional = [table.name for table in plan.tables if table.name != plan.person_table]
    line = f"    tables={{{tables}}},\n"
    if len(line) > 121:
        rows = "".join(f"        {each},\n" for each in tables.split(", "))
        line = f"    tables={{\n{rows}    }},\n"
    absent = (
        f"    # may be absent when people are scored\n    optional=frozenset({literal(optional)}),\n"
        if optional
        else ""
    )
    return (
        f"CONTRACT = Contract(\n    study={literal(plan.study)},\n{line}"
        f"    person_table={literal(plan.person_table)},\n    person_key={literal(plan.request.key)},\n{absent})"
    )
