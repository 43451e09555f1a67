"""The page's tables as rows of text, small counts hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flows.report.context import ReportContext
from flows.report.plots import ordered_models
from flows.report.words import (
    NONE,
    NOT_SHOWN,
    UNDEFINED,
    VERDICTS,
    against_name,
    count,
    gain_value,
    has_unit,
    label_name,
    level,
    metric_name,
    model_name,
    number,
    points,
    short_title,
    without,
)
from mtl_models.kinds import KINDS
from mtl_models.metrics.comparison import TOO_FEW
from mtl_models.metrics.text import interval


@dataclass(frozen=True)
class Cell:
    """A figure with the small print under it; ``tone`` is gain, loss or nothing."""

    text: str
    small: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose first column heads its rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def outcome_table(context: ReportContext) -> Table:
    """Every outcome: what it is, how many people have a label, and how many have the outcome."""
    minimum = context.summary["settings"]["min_count"]
    n_people = context.summary["n_people"]
    rows = []
    for record in context.summary["tasks"].values():
        unit = f", {record['unit']}" if record["unit"] else ""
        rows.append(
            (
                Cell(record["title"]),
                Cell(KINDS[record["kind"]].words + unit),
                Cell(count(record["n"], minimum)),
                Cell(count(None if record["n"] is None else n_people - record["n"], minimum)),
                Cell(_who(record, minimum)),
            )
        )
    columns = ("Outcome", "Kind", "People with a label", "Label missing", "Who has it")
    return Table("Outcomes, and the tested people with a label", columns, tuple(rows))


def _who(record: Mapping[str, Any], minimum: int) -> str:
    """People who have the outcome, each label or each class; a dash for a number."""
    if "n_positive" in record:
        return count(record["n_positive"], minimum)
    if labels := record.get("labels"):
        return ", ".join(f"{label_name(name)} {count(each['n_positive'], minimum)}" for name, each in labels.items())
    if "classes" not in record:
        return NONE
    if None in record["classes"].values():
        return f"a class has fewer than {minimum} people: not counted"
    return ", ".join(f"{name} {n:,}" for name, n in record["classes"].items())


def headline_table(context: ReportContext) -> Table:
    """The headline metric of every outcome and model, with intervals."""
    summary = context.summary
    models = ordered_models(summary)
    rows = []
    for task, record in summary["tasks"].items():
        metric = record["headline"]
        figures = [summary["models"][model]["tasks"][task]["metrics"][metric] for model in models]
        cells = [figure_cell(figure, metric, shown=record["shown"]) for figure in figures]
        n = count(record["n"], summary["settings"]["min_count"])
        rows.append((Cell(short_title(record["title"]), f"{metric_name(metric)}, n {n}"), *cells))
    columns = ("Outcome", *(model_name(model) for model in models))
    return Table(f"Main figure of each outcome with its {_level(summary)} interval", columns, tuple(rows))


def _level(summary: Mapping[str, Any]) -> str:
    return level(summary["settings"]["confidence"])


def detail_tables(context: ReportContext) -> list[Table]:
    """All metrics of every outcome, and of every label."""
    tables = []
    for task, record in context.summary["tasks"].items():
        title = short_title(record["title"])
        tables.append(_metrics_table(context, task, None, title, record["n"], shown=record["shown"]))
        for label, each in record.get("labels", {}).items():
            heading = f"{title}: {label_name(label)}"
            tables.append(_metrics_table(context, task, label, heading, each["n"], shown=each["shown"]))
    return tables


def _metrics_table(
    context: ReportContext, task: str, label: str | None, title: str, n: int | None, *, shown: bool
) -> Table:
    models = ordered_models(context.summary)
    records = [context.summary["models"][model]["tasks"][task] for model in models]
    figures = [record["metrics"] if label is None else record["labels"][label] for record in records]
    unit = context.summary["tasks"][task]["unit"]
    rows = []
    for metric in figures[0]:
        heading = metric_name(metric) + (f", {unit}" if unit and has_unit(metric) else "")
        rows.append((Cell(heading), *(figure_cell(each[metric], metric, shown=shown) for each in figures)))
    people = count(n, context.summary["settings"]["min_count"])
    return Table(f"{title} (n {people})", ("Metric", *(model_name(model) for model in models)), tuple(rows))


def figure_cell(figure: Mapping[str, Any], metric: str, *, shown: bool) -> Cell:
    """A metric with its interval."""
    form = partial(number, metric=metric)
    if not shown:
        return Cell(NOT_SHOWN, TOO_FEW)
    if figure["value"] is None:
        return Cell(UNDEFINED)
    return Cell(form(figure["value"]), interval(figure, form))


def gain_table(context: ReportContext) -> Table:
    """Change in error of the model against every other one, in percent."""
    summary = context.summary
    comparisons = summary["comparisons"][summary["settings"]["model"]]
    others = [name for name in ordered_models(summary) if name in comparisons]
    rows = [
        (
            Cell(short_title(record["title"]), "error: " + metric_name(record["loss"]).lower()),
            *(gain_cell(comparisons[other]["tasks"][task]) for other in others),
        )
        for task, record in summary["tasks"].items()
    ]
    titles = {task: short_title(record["title"]) for task, record in summary["tasks"].items()}
    rows.append((Cell("Mean of all"), *(gain_cell(comparisons[other]["mean"], titles) for other in others)))
    columns = ("Outcome", *(f"Against {against_name(other)}" for other in others))
    return Table(
        f"Change in error in percent with {_level(summary)} interval, positive is better", columns, tuple(rows)
    )


def absence_table(context: ReportContext) -> Table | None:
    """What it costs each outcome when a table has not arrived, dearest first."""
    if not context.absence:
        return None
    cases = context.absence["cases"]
    tasks = context.summary["tasks"]
    ordered = sorted(cases, key=lambda case: (cases[case]["mean"]["value"] or 0.0, case))
    rows = tuple(
        (
            Cell(case),
            _cost_cell(cases[case]["mean"]),
            *(_cost_cell(cases[case]["tasks"][task]) for task in tasks),
        )
        for case in ordered
    )
    titles = {task: short_title(record["title"]) for task, record in tasks.items()}
    columns = ("Missing", f"Mean of all{without(cases[ordered[0]]['mean'], titles)}", *titles.values())
    return Table(
        "Change in error in percent without a table; coloured where the interval leaves out zero", columns, rows
    )


def _cost_cell(record: Mapping[str, Any]) -> Cell:
    return Cell(gain_value(record), tone="" if record["low"] is None else _tone(record))


def _tone(record: Mapping[str, Any]) -> str:
    return "gain" if record["low"] > 0 else "loss" if record["high"] < 0 else ""


def gain_cell(record: Mapping[str, Any], titles: Mapping[str, str] | None = None) -> Cell:
    """A relative gain with its interval and verdict; of a mean, also the outcomes that it leaves out, by ``titles``."""
    if record["value"] is None:
        return Cell(UNDEFINED, record.get("reason", ""))
    if record["low"] is None:
        return Cell(NOT_SHOWN, TOO_FEW)
    words = f"{interval(record, points)}, {VERDICTS[record['verdict']]}{without(record, titles)}"
    return Cell(gain_value(record), words, _tone(record))


def validation_table(context: ReportContext) -> Table | None:
    """Rows of every raw table, and what became of them."""
    tables = context.validation.get("tables", {})
    if not tables:
        return None
    minimum = context.summary["settings"]["min_count"]

    def cells(counts: Mapping[str, Any]) -> tuple[Cell, ...]:
        changed = [_total(counts[f"{what}_by_column_and_rule"]) for what in ("nulled", "recoded")]
        rows = [counts[key] for key in ("n_rows", "n_rejected")]
        return tuple(Cell(count(n, minimum)) for n in (*rows, *changed))

    columns = ("Table", "Rows", "Rejected", "Values emptied", "Values recoded")
    rows = tuple((Cell(name), *cells(counts)) for name, counts in tables.items())
    return Table("Raw tables and their checks", columns, rows)


def _total(by_column: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(rules.values()) for rules in by_column.values())


def feature_table(context: ReportContext) -> Table:
    """Number of features by domain, and which outcomes do not see them."""
    spec = context.spec
    titles = {name: short_title(record["title"]) for name, record in context.summary["tasks"].items()}
    hidden = any(feature.hidden_from for feature in spec.features)
    rows = []
    for domain in spec.domains:
        numbers, categories = (
            sum(feature.domain == domain for feature in features) for features in (spec.numeric, spec.categorical)
        )
        cells = [Cell(label_name(domain)), *(Cell(f"{n}") for n in (numbers + categories, numbers, categories))]
        if hidden:
            blind = {name for feature in spec.features if feature.domain == domain for name in feature.hidden_from}
            cells.append(Cell(", ".join(title for name, title in titles.items() if name in blind) or "–"))
        rows.append(tuple(cells))
    columns = ("Domain", "Features", "Numbers", "Categories", *(["Hidden from, since it would tell"] if hidden else []))
    return Table("What the model sees", columns, tuple(rows))
