"""Who the model works for: figures by group of people, and the differences that are clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flows.report.context import ReportContext
from flows.report.tables import Cell, Table
from flows.report.words import (
    NONE,
    NOT_SHOWN,
    count,
    label_name,
    level,
    lower_first,
    metric_name,
    number,
    short_title,
)
from mtl_models.kinds.metrics import RMSE
from mtl_models.metrics.comparison import TOO_FEW
from mtl_models.metrics.text import interval

Record = Mapping[str, Any]


def subgroup_tables(context: ReportContext) -> list[Table]:
    """Main figures and calibration by declared group, and numbers within a yes/no outcome."""
    records = context.subgroups.get("records", [])
    declared = [each for each in records if each["partition"] not in _outcomes(context)]
    wide = level(context.summary["settings"]["confidence"])
    tables = []
    if declared:
        tables = [
            _by_group(context, declared, "performance", f"Main figure by group, with {wide} interval and people"),
            _by_group(
                context,
                [each for each in declared if each["calibrated"]],
                "calibration",
                "Calibration by group: observed over expected, or mean of prediction less outcome (with a sign)",
            ),
        ]
    strata = [each for each in records if each["partition"] in _outcomes(context)]
    return [*tables, *([_within(context, strata)] if strata else [])]


def clear_differences(context: ReportContext) -> list[str]:
    """A sentence for each clear difference, and how many were looked at."""
    if not context.subgroups or not context.subgroups["n_tests"]:
        return []
    found: dict[tuple[Any, ...], str] = {}
    for record in context.subgroups["records"]:
        for figure in ("performance", "calibration"):
            value = record[figure]
            if value["clear"]:
                # of two groups each is the other's others: one sentence
                pair = frozenset((value["value"], value["others"]))
                key = (record["task"], record["label"], record["partition"], figure, pair)
                found.setdefault(key, _sentence(context, record, figure))
    n, n_clear = context.subgroups["n_tests"], context.subgroups["n_clear"]
    return [
        *found.values(),
        f"{n} differences between a group and the others were looked at; with Holm's correction for so many, "
        f"{n_clear or 'none'} {'is' if n_clear == 1 else 'are'} clear.",
    ]


def _sentence(context: ReportContext, record: Record, figure: str) -> str:
    form, value = partial(_text, context, record, figure), record[figure]
    words = _metric(context, record) if figure == "performance" else _calibration_words(context, record)
    return (
        f"{_outcome(context, record)}, {lower_first(_group(context, record))}: {words} {form(value['value'])} "
        f"{interval(value, form)}, {form(value['others'])} among the others."
    )


def _by_group(context: ReportContext, records: Sequence[Record], figure: str, caption: str) -> Table:
    columns = dict.fromkeys((each["partition"], each["group"]) for each in records)
    rows: dict[tuple[str, str], dict[tuple[str, str], Record]] = {}
    for each in records:
        rows.setdefault((each["task"], each["label"]), {})[each["partition"], each["group"]] = each
    body = []
    for cells in rows.values():
        first = next(iter(cells.values()))
        small = _metric(context, first) if figure == "performance" else _calibration_words(context, first)
        body.append((Cell(_outcome(context, first), small), *(_cell(context, cells[key], figure) for key in columns)))
    headings = [_group(context, {"partition": partition, "group": group}) for partition, group in columns]
    return Table(caption, ("Outcome", *headings), tuple(body))


def _within(context: ReportContext, records: Sequence[Record]) -> Table:
    rows = [
        (
            Cell(_outcome(context, each), _group(context, each)),
            _cell(context, each, "performance"),
            _cell(context, each, "calibration"),
        )
        for each in records
    ]
    return Table(
        "Numbers within people who have, and who have not, the yes/no outcome that goes with them most",
        ("Outcome and people", metric_name("r2"), "Prediction less outcome, mean"),
        tuple(rows),
    )


def _cell(context: ReportContext, record: Record, figure: str) -> Cell:
    if not record["shown"]:
        return Cell(NOT_SHOWN, TOO_FEW)
    found = record[figure]
    if found["value"] is None:
        return Cell(NONE)
    form = partial(_text, context, record, figure)
    people = f"n{chr(160)}{count(record['n'], context.summary['settings']['min_count'])}"
    clear = ", differs clearly" if found["clear"] else ""
    worse = figure == "calibration" or (found["others"] or 0) > found["value"]
    tone = ("loss" if worse else "gain") if found["clear"] else ""
    return Cell(form(found["value"]), f"{interval(found, form)}, {people}{clear}", tone)


def _text(context: ReportContext, record: Record, figure: str, value: float | None) -> str:
    if value is None:
        return NONE
    headline = context.summary["tasks"][record["task"]]["headline"]
    if figure == "performance":
        return number(value, headline)
    if record["calibrated"] == "ratio":
        return f"{value:.2f}"
    # a number's bias in its unit; an ordered class's in classes
    text = number(abs(value), RMSE.name)
    return text if float(text) == 0 else f"{'−' if value < 0 else '+'}{text}"


def _metric(context: ReportContext, record: Record) -> str:
    return metric_name(context.summary["tasks"][record["task"]]["headline"])


def _calibration_words(context: ReportContext, record: Record) -> str:
    if record["calibrated"] == "ratio":
        return "observed over expected"
    unit = context.summary["tasks"][record["task"]]["unit"]
    return f"prediction less outcome, {unit}" if unit else "prediction less outcome"


def _outcome(context: ReportContext, record: Record) -> str:
    title = short_title(context.summary["tasks"][record["task"]]["title"])
    return f"{title}: {lower_first(label_name(record['label']))}" if record["label"] else title


def _outcomes(context: ReportContext) -> dict[str, str]:
    """Titles of the yes/no outcomes and labels, by the names that stand for partitions."""
    found = {}
    for name, task in context.summary["tasks"].items():
        found[name] = short_title(task["title"])
        found |= {f"{name}__{label}": label_name(label) for label in task.get("labels", {})}
    return found


def _group(context: ReportContext, record: Record) -> str:
    outcomes, partition, group = _outcomes(context), record["partition"], record["group"]
    if partition in outcomes:
        return f"{lower_first(outcomes[partition])}: {group}"
    title = short_title(context.group_titles.get(partition, "")) or label_name(
        partition.partition("__")[2] or partition
    )
    return f"{title}: {group}"
