"""The headline figures of an evaluation as a table for a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from flows.report.words import (
    NONE,
    NOT_SHOWN,
    against_name,
    figure_text,
    gain_text,
    interval_words,
    metric_name,
    model_name,
)


def headline_table(study: str, evaluation: dict[str, Any]) -> Table:
    """One row a task: n, the metric of every model with its interval, and the gain over the single-task twin."""
    model, twin = evaluation["settings"]["model"], evaluation["settings"]["twin"]
    others = [name for name in evaluation["models"] if name != model]
    against = evaluation["comparisons"][model].get(twin)
    title = f"{study}: {evaluation['part']} part, {evaluation['n_people']} people, {interval_words(evaluation)}"
    table = Table("task", "n", "metric", *map(model_name, (model, *others)), title=title, title_justify="left")
    if against:
        table.add_column(f"gain over {against_name(twin)}")
        table.add_column("which says")
    for name, task in evaluation["tasks"].items():
        metric = task["headline"]
        hidden = None if task["shown"] else NOT_SHOWN
        figures = {m: record["tasks"][name]["metrics"][metric] for m, record in evaluation["models"].items()}
        cells = [
            hidden or figure_text(figures[model], metric),
            *(hidden or figure_text({**figures[m], "low": None}, metric) for m in others),
        ]
        if against:
            gain = against["tasks"][name]
            cells += [gain_text(gain), gain["verdict"] + (f": {gain['reason']}" if gain.get("reason") else "")]
        n = NONE if task["n"] is None else str(task["n"])
        table.add_row(name, n, metric_name(metric), *cells)
    if against:
        table.caption = f"mean relative gain over {against_name(twin)}: {gain_text(against['mean'])}"
    return table
