"""The commands about models: which was the champion when, another one put in its place, what made a person's score."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from flows.cli.options import Date, StudyName, console, relative, say_next, show, sound_study

app = typer.Typer()
_Because = Annotated[str, typer.Option("--because", help="Why, for those who read the history later.")]
_Again = Annotated[
    bool,
    typer.Option(
        "--score-again", help="Score the dates anew that the model before has scored, as far as drops are there."
    ),
]


@app.command()
def history(name: StudyName) -> None:
    """Show every champion that there was: since when, why, and where the record of the change lies."""
    from flows.nightly.judging.records import record_path

    study = sound_study(name, watched=False)
    registry = study.registry
    registry.require_promoted(name)
    table = Table("since (UTC)", "model", "instead of", "because", title=f"champions of {name}", title_justify="left")
    records = list[str]()
    for row in registry.promotions().iter_rows(named=True):
        since, replaced = row["promoted_at"].strftime("%Y-%m-%d %H:%M"), (row["replaced"] or "")[:12]
        table.add_row(since, row["model_version"][:12], replaced, row["reason"])
        record = record_path(registry, row["model_version"], row["promoted_at"])
        records += [f"record of {since}: {relative(record)}"] if record.is_file() else []
    console.print(table)
    for line in records:
        console.print(line, soft_wrap=True)
    say_next("history", f"mtl-health rollback --study {name} puts the champion before back in its place")


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="The first figures of its name, as `history` shows them.")],
    name: StudyName,
    because: _Because,
    score_again: _Again = False,
) -> None:
    """Make a registered model the champion by hand. The gate is not asked."""
    from flows.nightly.champions import BY_HAND

    _put_in_place(name, version, f"{BY_HAND}: {because}", again=score_again)
    say_next("promote", f"mtl-health history --study {name}; mtl-health rollback --study {name} takes it back")


@app.command()
def rollback(name: StudyName, because: _Because, score_again: _Again = False) -> None:
    """Put the champion before the current one back in its place. `retrain` does not promote the same model again."""
    from flows.nightly.champions import ROLLED_BACK, before

    study = sound_study(name, watched=False)
    study.registry.require_promoted(name)
    version = before(study.registry.promotions())
    if version is None:
        raise ValueError(f"{name} has had one champion only: there is none before it")
    _put_in_place(name, version, f"{ROLLED_BACK}: {because}", again=score_again)
    say_next("rollback", f"mtl-health history --study {name}; dates are scored anew with mtl-health score --date")


def _put_in_place(name: str, text: str, reason: str, *, again: bool) -> None:
    study = sound_study(name, "contract")
    from flows.nightly.champions import named, scored_by, take_over

    replaced, version = study.registry.require_champion(name).version, named(study, text)
    dates = scored_by(study, replaced)
    take_over(study, version, reason)
    show(
        f"champion of {name}",
        {
            "model": version,
            "instead of": replaced,
            "because": reason,
            "dates that the model before has scored": len(dates),
        },
    )
    if not dates:
        return
    from flows.cli.backfill import run_backfill
    from flows.nightly.backfill.plan import SCORED

    if not again:
        console.print(f"their scores stand as they were: {', '.join(dates)}", soft_wrap=True)
        return
    found = run_backfill(study, dates, version)
    left = [each for each in found if each.state != SCORED]
    console.print(f"scored again: {len(found) - len(left)} of {len(dates)} dates")
    for each in left:
        console.print(f"{each.date} was not: {each.why}", soft_wrap=True)
    if left:
        raise ValueError(f"{len(left)} dates have the scores of the model before; see the lines above")


@app.command("explain-score")
def explain_score(
    person: Annotated[str, typer.Argument(help="The person's key.")], name: StudyName, date: Date = None
) -> None:
    """Show what became of a person on a date, and which data, params, code and model made it. No value is shown."""
    study = sound_study(name, watched=False)
    from flows.nightly.explained import explained
    from flows.project.dates import date_or_today

    date = date_or_today(date, study.settings.schedule.timezone)
    for title, rows in explained(study, person, date).items():
        show(title, rows)
    say_next("explain-score", f"mtl-health tonight --study {name} --date {date} shows the date as a whole")
