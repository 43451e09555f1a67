"""The commands of a night's scores: score a drop, make one of the sample data, and the whole job at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.look import tonight
from flows.cli.options import (
    Date,
    StudyName,
    console,
    recorded_by,
    relative,
    say_counts,
    say_losses,
    say_next,
    show,
    sound_study,
)
from flows.cli.train import retrain

if TYPE_CHECKING:
    from flows.study.study import Study

app = typer.Typer()


@app.command("sample-drop")
def sample_drop(
    name: StudyName,
    date: Date = None,
    with_outcomes: Annotated[
        bool,
        typer.Option(
            "--with-outcomes", help="Keep the tables of the outcomes, from which other outcomes may be predicted."
        ),
    ] = False,
) -> None:
    """Put the study's test people, without their outcomes, into the inbox as a night's drop."""
    study = sound_study(name, "contract")
    from flows.nightly.sample import write_sample_drop
    from flows.project.dates import date_or_today

    date = date_or_today(date, study.settings.schedule.timezone)
    folder, n_people = write_sample_drop(study, date, with_outcomes=with_outcomes)
    kept = "kept" if with_outcomes else "removed"
    console.print(f"{n_people} people of the test part, outcomes {kept}: {relative(folder)}")
    say_next("sample-drop", f"mtl-health score --study {name} --date {date}")


@app.command()
def score(
    name: StudyName,
    date: Date = None,
    force: Annotated[bool, typer.Option("--force", help="Write the date again even if nothing changed.")] = False,
) -> None:
    """Score the drop of a date with the champion, and replace that date in the score table."""
    study = sound_study(name, "contract")
    from flows.nightly.again import scored_already
    from flows.nightly.alerts.things import is_told
    from flows.nightly.fresh import nothing_to_score
    from flows.nightly.ledger import absent_tables, late_rows, withheld_tasks
    from flows.nightly.run import require_ready
    from flows.project.dates import date_or_today

    date = date_or_today(date, study.settings.schedule.timezone)
    # no drop, no champion and nothing to do are said at once, before Prefect is imported and a server starts
    if said := nothing_to_score(study, date):
        console.print(said, soft_wrap=True)
        return
    require_ready(study, date)
    told = is_told(study, f"score {date}")  # then a run says that it is mended, though there is nothing to do
    row = (None if force or told else scored_already(study, date)) or _run_flow(study, date, force)
    show(
        f"scored {name}, {row['batch']}"
        + (": nothing had changed, the table was left as it is" if row["unchanged"] else ""),
        {
            "people in = scored + rejected + excluded": (
                f"{row['n_people']} = {row['n_scored']} + {row['n_rejected']} + {row['n_excluded']}"
            ),
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            **({"of them about people who came before": n_late} if (n_late := late_rows(row)) else {}),
            "tables that did not arrive": ", ".join(absent_tables(row)) or "none",
            "outcomes not scored": withheld_tasks(row) or "none",
            "model": row["model_version"],
            "run": row["run_id"],
            "seconds": f"{row['seconds']:.1f}",
            "table": relative(study.published / "scores"),
            **recorded_by("would be recorded by" if row["unchanged"] else "recorded by"),
        },
    )
    say_losses(row.get("floods"), json.loads(row["details"]).get("columns_compared_with", ""))
    say_next("score", f"mtl-health tonight --study {name} --date {date}")


def _run_flow(study: Study, date: str, force: bool) -> dict[str, Any]:
    """Score the date in a run of Prefect and give the ledger's row; what a limit stopped is shown with its counts."""
    from flows.nightly import stopped
    from flows.nightly.score import score as flow
    from schemas.faults import LimitExceeded

    try:
        return flow(study.name, date, force)
    except LimitExceeded:
        if kept := stopped.read(study.paths, date):
            say_counts(study.name, kept["validation"])
        raise


@app.command()
def land(name: StudyName, date: Date = None) -> None:
    """Take in the drop of a date without scoring anybody: outcomes and corrections of people who came before."""
    study = sound_study(name, "contract")
    from flows.nightly.landing.alone import land_alone
    from flows.project.dates import date_or_today

    date = date_or_today(date, study.settings.schedule.timezone)
    row = land_alone(study, date)
    show(
        f"landed {name}, {date}",
        {
            "rows landed": f"{row['n_rows']}, {row['n_late']} of them about people who came before",
            "rows of people": row["n_people"],
            "rows rejected": row["n_rejected"],
            "table": relative(study.published / "landed"),
        },
    )
    say_next("land", f"mtl-health retrain --study {name} --date {date}")


@app.command()
def nightly(name: StudyName, date: Date = None) -> None:
    """Try the whole job on the study's test people: retrain, put them into the inbox, score them, show the result."""
    study = sound_study(name)
    from flows.project.dates import date_or_today
    from flows.stores.inbox import Inbox

    date = date_or_today(date, study.settings.schedule.timezone)  # one date, though midnight may pass
    Inbox(study.inbox).require_replaceable(date)  # said before minutes of training, not after
    retrain(name)
    sample_drop(name, date)
    score(name, date)
    tonight(name, date)
    say_next("nightly", f"open {relative(study.paths.reports / 'index.html')}, and read the table: docs/published.md")
