"""The headline figures of an evaluation as a table for a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def interval(figure: dict[str, Any] | None, *, percent: bool = False) -> str:
    """A value with its interval; a dash where it is undefined or there is none."""
    if figure is None or figure["value"] is None:
        return "–"
    form = "{:+.1%}" if percent else "{:.3f}"
    text = form.format(figure["value"])
    if figure["low"] is None:
        return text
    return f"{text} [{form.format(figure['low'])}, {form.format(figure['high'])}]"


def headline_table(study: str, evaluation: dict[str, Any]) -> Table:
    """One row a task: n, the metric of every model with its interval, and the gain over the single-task twin."""
    model, twin = evaluation["settings"]["model"], evaluation["settings"]["twin"]
    others = [name for name in evaluation["models"] if name != model]
    against = evaluation["comparisons"][model].get(twin)
    title = f"{study}: {evaluation['part']} part, {evaluation['n_people']} people, 95 % intervals over people"
    table = Table("task", "n", "metric", model, *others, title=title, title_justify="left")
    if against:
        table.add_column(f"gain over {twin}")
        table.add_column("which says")
    for name, task in evaluation["tasks"].items():
        metric = task["headline"]
        figures = {m: record["tasks"][name]["metrics"][metric] for m, record in evaluation["models"].items()}
        cells = [
            interval(figures[model]),
            *(interval({**figures[m], "low": None}) for m in others),
        ]
        if against:
            gain = against["tasks"][name]
            cells += [interval(gain, percent=True), gain["verdict"]]
        table.add_row(name, str(task["n"]), metric, *cells)
    if against:
        table.caption = f"mean relative gain over {twin}: {interval(against['mean'], percent=True)}"
    return table


def groups_table(record: dict[str, Any]) -> Table:
    """One row an outcome: one trunk against the twins, then every grouping against one trunk and against the twins."""
    plain, *others = record["runs"]
    table = Table("task", f"{plain} over twin", title="relative gain, 95 % intervals over people", title_justify="left")
    for name in others:
        table.add_column(f"{name} over {plain}")
        table.add_column(f"{name} over twin")
    comparisons = [record["runs"][plain]["over_twins"]]
    comparisons += [record["runs"][name][kind] for name in others for kind in ("over_plain", "over_twins")]
    for task in comparisons[0]["tasks"]:
        table.add_row(task, *(interval(each["tasks"][task], percent=True) for each in comparisons))
    table.add_row("mean", *(interval(each["mean"], percent=True) for each in comparisons))
    table.caption = "; ".join(
        f"{name}: {' | '.join(', '.join(group) for group in record['groups'][name])} "
        f"(proposed by {record['fits_that_agree'][name]} of {record['n_fits']} fits)"
        for name in others
    )
    return table


def segments_table(summary: dict[str, Any]) -> Table:
    """One row an outcome, one column a segment: means, a dash where too few have a label or a value."""
    rows = summary["segments"]
    widths = ", ".join(f"{domain} {width}" for domain, width in summary["domains"].items())
    title = f"{summary['run']}: {summary['n_people']} people; size of the vectors: {widths}"
    columns = [f"segment {row['segment']}" for row in rows]
    table = Table("mean of the people", *columns, title=title, title_justify="left")
    table.add_row("people", *("few" if row["n"] is None else str(row["n"]) for row in rows))
    for name, outcome in summary["outcomes"].items():
        share = outcome["unit"] == "share"
        means = [row["means"][name] for row in rows]
        cells = ("–" if mean is None else f"{mean:.1%}" if share else f"{mean:.4g}" for mean in means)
        table.add_row(name if share else f"{name}, {outcome['unit']}", *cells)
    return table
