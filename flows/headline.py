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
