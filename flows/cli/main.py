"""The command ``mtl-health``: what people and schedulers type. Heavy libraries are imported inside the sub-commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.check import app as checking
from flows.cli.check import checked, say_warnings
from flows.cli.options import (
    Date,
    Study,
    console,
    paths_of,
    recorded_by,
    relative,
    say_counts,
    say_losses,
    show,
    study_of,
)
from flows.cli.sharing import app as sharing

app = typer.Typer(
    name="mtl-health",
    help="Multi-task learning on health tables: validate, retrain, score, and look at the champion and its report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(checking)
app.add_typer(sharing)


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


@app.command()
def retrain(study: Study) -> None:
    """Reproduce the study's model with DVC, register it, and promote it if the gate lets it."""
    paths = paths_of(study)
    report = checked(paths)
    say_warnings(report)
    report.require()  # every fault at once, before a server starts
    from flows.nightly.retrain import retrain as flow

    row = flow(study, checked=True)
    show(
        f"retrained {study}",
        {
            "model": row["model_version"],
            "champion": "yes" if row["promoted"] else "unchanged",
            "gate": row["reason"],
            "people in": row["n_people"],
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            "seconds": f"{row['seconds']:.1f}",
            "report": relative(paths.reports / "index.html"),
            **recorded_by(),
        },
    )
    say_losses(row["floods"])


@app.command()
def score(
    study: Study,
    date: Date = None,
    force: Annotated[bool, typer.Option("--force", help="Write the date again even if nothing changed.")] = False,
) -> None:
    """Score a date's drop with the champion and replace that date in the score table."""
    paths, settings = study_of(study, "contract")
    from flows.nightly.steps import absent_tables, open_run
    from flows.project.dates import date_or_today

    date = date_or_today(date, settings.schedule.timezone)
    open_run(paths, settings, date)  # no drop or no champion is said at once, before a server starts
    from flows.nightly import stopped
    from flows.nightly.score import score as flow
    from schemas.faults import LimitExceeded

    try:
        row = flow(study, date, force)
    except LimitExceeded:
        if kept := stopped.read(paths, date):
            say_counts(study, kept["validation"])
        raise
    show(
        f"scored {study}, {row['batch']}"
        + (": nothing had changed, the table was left as it is" if row["unchanged"] else ""),
        {
            "people in = scored + rejected + excluded": (
                f"{row['n_people']} = {row['n_scored']} + {row['n_rejected']} + {row['n_excluded']}"
            ),
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            "tables that did not arrive": ", ".join(absent_tables(row)) or "none",
            "model": row["model_version"],
            "run": row["run_id"],
            "seconds": f"{row['seconds']:.1f}",
            "table": relative(paths.tables / "scores"),
            **recorded_by(),
        },
    )
    say_losses(row.get("floods"), json.loads(row["details"]).get("columns_compared_with", ""))


@app.command()
def champion(study: Study) -> None:
    """Show the model that scores tonight, and how it came to be the champion."""
    paths, _ = study_of(study)
    from flows.nightly.steps import registry_of

    registry = registry_of(paths)
    current = registry.champion()
    if current is None:
        raise ValueError(
            f"{study} has no champion yet: run `mtl-health retrain --study {study}`, and see what the gate says"
        )
    show(
        f"champion of {study}",
        {
            "model": current.version,
            "since": current.promoted_at.strftime("%Y-%m-%d %H:%M UTC"),
            "because": current.reason,
            "promotions so far": registry.promotions().height,
            "file": relative(current.path),
            "report": relative(current.path.with_name("index.html")),
        },
    )


@app.command()
def report(study: Study) -> None:
    """Print the headline figures of the study's last evaluation, and where its page is."""
    paths, _ = study_of(study)
    from flows.project.paths import read_json
    from flows.report.headline import headline_table

    if not (paths.reports / "evaluation.json").is_file():
        raise FileNotFoundError(
            f"{study} was not evaluated yet: run `dvc repro` or `mtl-health retrain --study {study}`"
        )
    console.print(headline_table(study, read_json(paths.reports / "evaluation.json")))
    console.print(f"page: {relative(paths.reports / 'index.html')}")


@app.command("sample-drop")
def sample_drop(
    study: Study,
    date: Date = None,
    with_outcomes: Annotated[
        bool, typer.Option("--with-outcomes", help="Keep the outcomes' tables, which other outcomes may read.")
    ] = False,
) -> None:
    """Put the study's test people, outcomes removed, into the inbox as a night's drop."""
    paths, settings = study_of(study, "contract")
    from flows.nightly.sample import write_sample_drop
    from flows.project.dates import date_or_today

    date = date_or_today(date, settings.schedule.timezone)
    folder, n_people = write_sample_drop(paths, settings, date, with_outcomes=with_outcomes)
    kept = "kept" if with_outcomes else "removed"
    console.print(f"{n_people} people of the test part, outcomes {kept}: {relative(folder)}")


@app.command()
def tonight(study: Study, date: Date = None) -> None:
    """Say where a date's scores and the report are, with the columns of the table and no values."""
    paths, settings = study_of(study)
    from flows.nightly import stopped
    from flows.nightly.steps import absent_tables
    from flows.project.dates import date_or_today
    from flows.stores.tables import RunLedger, ScoreTable

    date = date_or_today(date, settings.schedule.timezone)
    table = ScoreTable(paths.tables)
    rows = table.read(date) if table.exists() else None
    kept = stopped.read(paths, date)
    if kept:
        say_counts(study, kept["validation"])
        say_losses("\n".join(kept["limits passed"]))
    if rows is None or rows.is_empty():
        why = "a limit stopped its drop; mend that and " if kept else ""
        raise ValueError(f"{study} has no scores for {date}: {why}run `mtl-health score --study {study} --date {date}`")
    if kept:
        console.print(f"the last drop of {date} was stopped: the scores below are of an earlier one", soft_wrap=True)
    columns = Table("column", "type", "empty", title=f"{rows.height} rows for {date}", title_justify="left")
    for name, dtype in rows.schema.items():
        columns.add_row(name, str(dtype), str(rows[name].null_count()))
    console.print(columns)
    run = RunLedger(paths.tables).find(rows["run_id"][0])
    say_losses(run.get("floods") if run else None)
    absent = {"tables that did not arrive": ", ".join(absent_tables(run)) or "none"} if run else {}
    show("", {**absent, "scores": relative(table.folder), "report": relative(paths.reports / "index.html")})


@app.command()
def nightly(study: Study, date: Date = None) -> None:
    """Do the whole job on the sample data: retrain, put the test people into the inbox, score them, say where."""
    paths, settings = study_of(study, "parts")
    from flows.project.dates import date_or_today
    from flows.stores.inbox import Inbox

    date = date_or_today(date, settings.schedule.timezone)  # one date, though midnight may pass
    Inbox(paths.inbox).require_replaceable(date)  # said before minutes of training, not after
    retrain(study)
    sample_drop(study, date)
    score(study, date)
    tonight(study, date)


def main() -> None:
    """Run the command; an error is one sentence and status 1, a traceback for who asks for it."""
    try:
        app()
    except BaseException as error:
        from flows.project.errors import is_failure, sentence_of, wants_traceback

        if not is_failure(error) or wants_traceback():
            raise
        Console(stderr=True).print(Text.assemble(("error: ", "red"), sentence_of(error)), soft_wrap=True)
        sys.exit(1)
