"""The command that shows whether tables, inputs, scores and performance are what they were."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import Date, console, relative, say_next, sound_study

app = typer.Typer()
IN_ALARM = 3
"""Exit status of `--fail-on-alarm` when something is in alarm."""


@app.command()
def watch(
    name: Annotated[str, typer.Argument(metavar="STUDY", help="Name of the study, as in params.yaml.")],
    date: Date = None,
    fail_on_alarm: Annotated[
        bool, typer.Option("--fail-on-alarm", help=f"End with status {IN_ALARM} if something is in alarm.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Watch the date anew, with the outcomes that have come until it.")
    ] = False,
) -> None:
    """Show what is in alarm on a scored date, and write a page of tables, inputs, scores and performance by night."""
    study = sound_study(name, "contract", watched=False)
    from flows.nightly.watch.night import advice, kept
    from flows.nightly.watch.night import watch as watch_night
    from flows.nightly.watch.page import write_page
    from flows.nightly.watch.records import AREAS
    from flows.project.dates import date_or_today

    date = date_or_today(date, study.settings.schedule.timezone)
    night = (None if again else kept(study, date)) or watch_night(study, date)
    counts = Table("what", "watched", "beyond its limit", "dead", "not judged", title=f"{name}, {date}")
    for area in AREAS:
        states = [record.state for record in night.records if record.area == area]
        counts.add_row(area, *map(str, (len(states), *map(states.count, ("beyond", "dead", "not judged")))))
    console.print(counts)
    for alarm in night.alarms:
        console.print(Text.assemble(("in alarm: ", "red"), alarm.words), highlight=False, soft_wrap=True)
    if not night.alarms:
        console.print("nothing is in alarm")
    console.print(f"page: {relative(write_page(study, night))}", highlight=False, soft_wrap=True)
    say_next("watch", *(advice(study, night) or [f"mtl-health tonight --study {name} --date {date}"]))
    if fail_on_alarm and night.alarms:
        raise typer.Exit(IN_ALARM)
