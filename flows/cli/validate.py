"""The command `validate`: a folder of raw tables against a study's contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import StudyName, console, relative, say_counts, say_losses, say_next, sound_study

app = typer.Typer()


@app.command()
def validate(
    name: StudyName,
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            help="Folder or URL of the raw tables: <TABLE>.csv, .parquet, .dta, .sav, .sas7bdat, .xpt, or part files.",
        ),
    ],
    scoring: Annotated[
        bool,
        typer.Option("--scoring", help="As a night's drop: outcomes may be missing, unknown tables may not be there."),
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Write the rejected rows (patient data) to this Parquet file.")
    ] = None,
) -> None:
    """Check a folder of raw tables against the study's contract. Count what would be rejected, and why."""
    study = sound_study(name, "contract")
    from flows.nightly.looked import validate_folder
    from flows.project.storage import place_of, reaching
    from flows.stages.validate import judge

    place = place_of(folder)
    with reaching(place):
        if not place.is_dir():
            raise FileNotFoundError(f"{folder} is not a folder: give the one that holds the tables of {name}")
    summary = validate_folder(study, place, scoring=scoring, rejects=rejects)
    say_counts(name, summary)
    if rejects:
        console.print(f"rejects with their rows and reasons: {rejects}")
    reference = study.registry.champion_profile()
    judgement = judge(study, summary, reference=reference, scoring=scoring)
    say_losses(None if judgement.stops else judgement.text, judgement.basis)  # where it stops, the error says them
    kept = f"rejects with their rows are in {rejects}" if rejects else "`--rejects FILE` writes the rejected rows"
    judgement.require(f"every reason is in the table above, {kept}")
    inbox = f"{relative(study.inbox)}/<date>"
    scored = f"put the tables into {inbox}, then mtl-health score --study {name} --date <date>"
    say_next("validate", scored if scoring else f"mtl-health check {name}")
