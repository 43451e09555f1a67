"""The command `validate`: a folder of raw tables against a study's contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Study, console, relative, say_counts, say_losses, say_next, study_of

app = typer.Typer()


@app.command()
def validate(
    study: Study,
    folder: Annotated[
        Path, typer.Argument(help="Folder with the raw tables, <TABLE>.csv or .parquet, or a folder of parts.")
    ],
    scoring: Annotated[
        bool, typer.Option("--scoring", help="As a night's drop: outcomes may be missing, unknown tables not.")
    ] = False,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Write the rejects to this Parquet file.")] = None,
) -> None:
    """Check a folder of raw tables against the study's contract, and count what would be rejected and why."""
    paths, settings = study_of(study, "contract")
    from flows.features.view import hidden_patterns
    from flows.nightly.steps import registry_of
    from flows.project.paths import replace_file
    from flows.stages.validate import judge
    from schemas.contract import load_contract
    from schemas.splitting.study import validate_folder

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: give the one that holds the tables of {paths.study}")
    labels = hidden_patterns(settings.task_records, settings.known_later) if scoring else ()
    beside = settings.split.beside_tables
    result = validate_folder(folder, load_contract(study), optional_columns=labels, scoring=scoring, beside=beside)
    summary = result.summary()
    say_counts(study, summary)
    if rejects:
        replace_file(rejects, result.rejects.write_parquet)
        console.print(f"rejects with their rows and reasons: {rejects}")
    judgement = judge(
        study,
        summary,
        settings.validation,
        reference=registry_of(paths).champion_profile(),
        labels=labels,
        scoring=scoring,
    )
    say_losses(judgement.text, judgement.basis)
    kept = f"rejects with their rows are in {rejects}" if rejects else "`--rejects FILE` writes the rejected rows"
    judgement.require(f"every reason is in the table above, {kept}")
    inbox = f"{relative(paths.inbox)}/<date>"
    scored = f"put the tables into {inbox}, then mtl-health score --study {study} --date <date>"
    say_next("validate", scored if scoring else f"mtl-health check {study}")
