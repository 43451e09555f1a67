"""The command `retrain`: a new model, registered and held against the champion."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from flows.cli.check import checked, say_sentences, say_warnings
from flows.cli.options import StudyName, any_study, console, recorded_by, relative, say_losses, say_next, show

app = typer.Typer()

_AsOf = Annotated[
    str | None,
    typer.Option(
        "--date",
        help="Learn from what landed by this day, as 2026-11-20. Default: today in the study's time zone.",
        show_default=False,
    ),
]


@app.command()
def retrain(name: StudyName, date: _AsOf = None) -> None:
    """Train the study's model where something changed. The gate decides whether it becomes the champion.

    It learns from the raw tables and from what drops have brought by the date."""
    study = any_study(name)
    from flows.nightly.retrained import retrained_already

    row = retrained_already(study, date)  # nothing to do is said at once, before the check, Prefect's server and DVC
    if row:
        say_sentences("warning", "yellow", row["warnings"])
    else:
        report = checked(study)
        say_warnings(report)
        report.require()  # every fault at once, before a server starts
        from flows.nightly.retrain import retrain as flow

        row = flow(name, warnings=report.warnings, date=date)
    show(
        f"retrained {name}" + (": nothing had changed, everything was left as it is" if row["unchanged"] else ""),
        {
            "model": row["model_version"],
            "champion": "yes" if row["promoted"] else "unchanged",
            "gate": row["reason"],
            "people in": row["n_people"],
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            "seconds": f"{row['seconds']:.1f}",
            "report": relative(study.paths.reports / "index.html"),
            **recorded_by("would be recorded by" if row["unchanged"] else "recorded by"),
        },
    )
    say_checks(json.loads(row["details"]).get("checks", []))
    say_losses(row["floods"])
    say_next("retrain", f"mtl-health report --study {name}", f"mtl-health score --study {name}")


def say_checks(checks: list[dict[str, Any]]) -> None:
    """Print the gate's checks: a sentence each for those that did not pass, the others by name."""
    colours = {"fail": "red", "not judged": "yellow"}
    for check in checks:
        if colour := colours.get(check["outcome"]):
            said = Text.assemble((f"{check['outcome']}:", colour), f" {check['name']}: {check['words']}")
            console.print(said, soft_wrap=True)
    if passed := [check["name"] for check in checks if check["outcome"] == "pass"]:
        console.print(Text.assemble(("passed:", "green"), f" {'; '.join(passed)}"), soft_wrap=True)
