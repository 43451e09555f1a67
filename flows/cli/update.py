"""The command `update`: the champion corrected from recent outcomes, where that is enough."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from flows.cli.options import Date, StudyName, console, relative, say_next, show, sound_study
from flows.cli.train import retrain, say_checks

app = typer.Typer()

_Again = Annotated[
    bool, typer.Option("--again", help="Look even if nothing is new, and after a correction was rolled back.")
]
_Refit = Annotated[bool, typer.Option("--refit", help="Retrain at once if no correction is enough.")]


@app.command()
def update(name: StudyName, date: Date = None, again: _Again = False, refit: _Refit = False) -> None:
    """Correct the champion from the outcomes of people scored recently, where that is enough. Nothing is trained.

    For every outcome it tries nothing, a new intercept, intercept and slope. The gate decides on people held apart."""
    study = sound_study(name, "contract")
    from flows.nightly.update.page import page_path
    from flows.nightly.update.run import update as run
    from flows.nightly.update.words import line_of
    from flows.project.dates import date_or_today

    row = run(study, date_or_today(date, study.settings.schedule.timezone), again=again)
    details = json.loads(row["details"])
    if details["tried"]:
        table = Table("outcome", "people", "chosen", "why", title=f"tried for {name}", title_justify="left")
        for each in details["tried"]:
            table.add_row(each["part"], each["n"], each["words"], each["why"])
        console.print(table)
    for each in details["tried"]:
        console.print(line_of(each), soft_wrap=True, highlight=False)
    page = page_path(study, row["batch"])
    looked = f"{row['finished_at']:%Y-%m-%d %H:%M} UTC"
    show(
        f"updated {name}" + (f": nothing is new since the look of {looked}" if row["unchanged"] else ""),
        {
            "champion": row["model_version"],
            "corrected": "yes" if row["promoted"] else "no",
            "because": details["reason"],
            "people with an outcome": row["n_people"],
            "seconds": f"{row['seconds']:.1f}",
            **({"page": relative(page)} if page.is_file() else {}),
        },
    )
    say_checks(details["checks"])
    for line in details["refit"]:
        console.print(f"points to a training: {line}", soft_wrap=True, highlight=False)
    if details["refit"] and refit:
        retrain(name)
        return
    steps = [f"mtl-health retrain --study {name}"] if details["refit"] else []
    steps += [f"mtl-health history --study {name}; mtl-health rollback --study {name}"] if row["promoted"] else []
    say_next("update", *(steps or [f"mtl-health watch {name}"]))
