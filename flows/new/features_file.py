"""`flows/features/<study>/__init__.py` of a study: a domain a table, the outcomes, and everybody in the cohort."""

from __future__ import annotations

import keyword
import re

from flows.new.marks import HERE, marked
from flows.new.outcomes import PlannedTask
from flows.new.plan import Plan, PlannedTable
from flows.new.python_code import literal
from mtl_models.data.dataset import PERSON
from mtl_models.kinds import KINDS

_HEAD = '''"""Features of {title}: the columns of its tables as they are, a domain a table.

Columns of outcomes and leaks are hidden from these functions: they are not there. Split a domain into several, or write
expressions (a ratio, a logarithm, a sum of answers); `mtl-health check {study}` says what does not hold.
"""

{mark}
from __future__ import annotations

import polars as pl

from flows.features.build import StudyFeatures, Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col({key}).alias(PERSON)
'''
RESERVED = ("people", "targets", "pl", "tables", "annotations")
_PEOPLE = '''def people(tables: Tables) -> pl.DataFrame:
    """Everybody belongs to the cohort: give a reason, a text, where somebody does not."""
    return tables[{table}].select(KEY, pl.lit(None, pl.String).alias("reason"))
'''


def features_source(plan: Plan) -> str:
    """The module."""
    domains = {domain_name(table.name): table for table in plan.tables if plan.features_of(table)}
    title = (plan.request.title or plan.study).replace("\\", "/").replace('"', "'")
    head = _HEAD.format(title=title, study=plan.study, mark=HERE, key=literal(plan.request.key))
    constants = [f"{_classes_name(task)} = {literal(_codes(task))}\n" for task in plan.tasks if task.task.classes]
    parts = [f"{head}{''.join(constants)}", *(_domain(plan, name, table) for name, table in domains.items())]
    parts += [_PEOPLE.format(table=literal(plan.person_table)), _targets(plan), _study(list(domains))]
    return marked("\n\n".join(parts))


def domain_name(table: str) -> str:
    """A name for a table's domain, and its function: lower case, no double underscore."""
    found = re.sub(r"_+", "_", re.sub(r"\W+", "_", table.lower(), flags=re.ASCII)).strip("_")
    free = found[:1].isalpha() and found not in RESERVED and not keyword.iskeyword(found)
    return found if free else f"table_{found}"


def _domain(plan: Plan, name: str, table: PlannedTable) -> str:
    kinds = {column.name: column.kind for column in table.columns}
    columns = [_expression(each, kinds[each]) for each in plan.features_of(table)]
    start = f"    return tables[{literal(table.name)}].select("
    line = f"{start}KEY, {', '.join(columns)})"
    if len(line) > 120:
        line = f"{start}\n        KEY,\n" + "".join(f"        {each},\n" for each in columns) + "    )"
    return f'def {name}(tables: Tables) -> pl.DataFrame:\n    """The columns of {table.name}."""\n{line}\n'


def _expression(column: str, kind: str) -> str:
    if kind == "flag":
        return f"pl.col({literal(column)}).fill_null(0)"
    # the person's own column has that name already
    return f"pl.col({literal(column)}).alias({literal(f'{column}_')})" if column == PERSON else literal(column)


def _codes(task: PlannedTask) -> dict[str, int]:
    return {name: place for place, name in enumerate(task.task.classes)}


def _classes_name(task: PlannedTask) -> str:
    return f"{task.task.name.upper()}_CLASSES"


def _targets(plan: Plan) -> str:
    by_table: dict[str, list[str]] = {}
    for task in plan.tasks:
        for place, target in zip(task.places, task.task.target_columns, strict=True):
            by_table.setdefault(place.table, []).append(_target(task, place.column, target))
    lines = ["def targets(tables: Tables) -> pl.DataFrame:", '    """The outcomes, null where they are not known."""']
    if list(by_table) == [plan.person_table]:
        lines.append(f"    found = {_select(plan.person_table, by_table[plan.person_table])}")
    else:
        lines.append(f"    found = tables[{literal(plan.person_table)}].select(KEY)")
        for table, targets in by_table.items():
            lines.append(f"    part = {_select(table, targets)}")
            lines.append('    found = found.join(part, on=PERSON, how="left", maintain_order="left")')
    return "\n".join([*lines, "    return found.sort(PERSON)"]) + "\n"


def _select(table: str, columns: list[str]) -> str:
    line = f"tables[{literal(table)}].select(KEY, {', '.join(columns)})"
    if len(line) + len("    found = ") <= 120:
        return line
    return (
        f"tables[{literal(table)}].select(\n        KEY,\n"
        + "".join(f"        {each},\n" for each in columns)
        + "    )"
    )


def _target(task: PlannedTask, column: str, target: str) -> str:
    source, alias = f"pl.col({literal(column)})", f".alias({literal(target)})"
    if KINDS[task.task.kind].form == "number":
        return f"{source}.cast(pl.Float64){alias}"
    if task.task.classes:
        replaced = f".replace_strict({_classes_name(task)}, default=None)"
        return f"{source}.cast(pl.String){replaced}.cast(pl.Int8){alias}"
    return f"{source}{alias}"


def _study(domains: list[str]) -> str:
    inner = ", ".join(f"{literal(name)}: {name}" for name in domains)
    line = f"    domains={{{inner}}},\n"
    if len(line) > 121:
        line = "    domains={\n" + "".join(f"        {literal(name)}: {name},\n" for name in domains) + "    },\n"
    return f"STUDY = StudyFeatures(\n    people=people,\n{line}    targets=targets,\n)\n"
