"""Runs of a comparison ranked on validation people, with paired intervals against what they are measured by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from flows.headline import interval
from mtl_models.metrics import HEADLINE
from mtl_models.metrics.collect import collect
from mtl_models.metrics.comparison import compare
from mtl_models.metrics.people import count_people
from mtl_models.metrics.replicates import replicate
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.tasks import Task

PART = "valid"
TWIN = " (single-task)"
_REPORT = Path(__file__).parent / "report"


def leaderboard(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """Headline metric of every run and task, and gains over the first run, over LightGBM and over the run's own twins.

    A choice among runs is made on validation people, never on the test part. Networks stopped on these people too, so
    the figures are kinder to them than a test would be.
    """
    main = [task for task in tasks if task.role == "main"]
    sample = collect(predictions, targets, splits, main, part=PART)
    replicates = replicate(sample, main, settings)
    rounding = Rounding(settings.digits, settings.confidence)
    shown = {task.name: count_people(task, sample).enough(settings.min_count) for task in main}
    first = predictions["model"][0]
    rows: list[dict[str, Any]] = []
    for name, scores in replicates.items():
        headlines = {task.name: scores[task.name].metrics[HEADLINE[task.kind]] for task in main}
        references = {"first": first, "lightgbm": "lightgbm", "twin": f"{name}{TWIN}"}
        rows.append(
            {
                "run": name,
                "seeds": len(sample.seeds[name]),
                "mean": rounding.figure(np.mean(list(headlines.values()), axis=0), shown=True),
                "tasks": {task: rounding.figure(values, shown=shown[task]) for task, values in headlines.items()},
                "gains": {
                    kind: compare(main, scores, replicates[other], shown, rounding, is_twin=kind == "twin")
                    for kind, other in references.items()
                    if other in replicates and other != name
                },
            }
        )
    rows.sort(key=lambda row: (-(row["mean"]["value"] or 0), row["run"]))
    metrics = {task.name: HEADLINE[task.kind] for task in main}
    return {"part": PART, "n_people": sample.n_persons, "first": first, "metrics": metrics, "rows": rows}


def leaderboard_page(title: str, board: dict[str, Any]) -> str:
    """The leaderboard as one static HTML page without external assets; the same bytes for the same figures."""
    environment = Environment(
        loader=FileSystemLoader(_REPORT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_REPORT / "page.css").read_text())
    page = environment.get_template("compare.html").render(title=title, board=board, words=interval, style=style)
    return page.rstrip() + "\n"
