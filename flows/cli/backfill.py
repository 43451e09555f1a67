"""The command that scores dates later, or again: a state a date, and what would run and why before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import console, recorded_by, say_next, sound_study

if TYPE_CHECKING:
    from flows.nightly.backfill.plan import DatePlan
    from flows.study.study import Study

app = typer.Typer()
_COLOURS = {"to do": "cyan", "scored already": "green", "no drop": "dim", "refused": "red", "failed": "red"}
_First = Annotated[str, typer.Option("--from", help="The first date, as 2026-11-01.")]
_Last = Annotated[str, typer.Option("--to", help="The last date, which is scored too.")]
_Model = Annotated[
    str,
    typer.Option(
        help="Which model scores: champion (of now), champion-then (of the end of each date), or the first figures of "
        "a version, as `history` shows them."
    ),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would run, and why.")]
_Again = Annotated[
    bool, typer.Option("--again", help="Try what was refused of the same drop, model, params and code before.")
]


@app.command()
def backfill(
    name: Annotated[str, typer.Argument(metavar="STUDY", help="Name of the study, as in params.yaml.")],
    first: _First,
    last: _Last,
    model: _Model = "champion",
    dry_run: _DryRun = False,
    again: _Again = False,
) -> None:
    """Score a range of dates. What stands in the tables already is left alone: a second call goes on with the rest."""
    study = sound_study(name, "contract", watched=not dry_run)
    study.registry.require_promoted(name)
    from flows.nightly.backfill.plan import DUE, NO_DROP, SCORED, dates_between, plan_dates

    dates = dates_between(first, last)
    plans = plan_dates(study, dates, model, again=again)
    _show(f"backfill of {name}, {first} to {last}", plans)
    due = [each.date for each in plans if each.state == DUE]
    left = [each for each in plans if each.state not in (DUE, SCORED, NO_DROP)]
    if dry_run or not due:
        console.print(f"{len(due)} of {len(plans)} dates would be scored" if dry_run else "nothing is to be done")
        _require_sound([] if dry_run else left)
        say_next("backfill", f"mtl-health history --study {name} shows the models")
        return
    found = run_backfill(study, due, model, again=again)
    _show("what came of them", found)
    for said, server in recorded_by().items():
        console.print(f"{said} {server}")
    _require_sound([*left, *(each for each in found if each.state != SCORED)])
    say_next("backfill", f"mtl-health tonight --study {name} --date {due[-1]} shows a date")


def run_backfill(study: Study, dates: Sequence[str], model: str, *, again: bool = False) -> list[DatePlan]:
    """Have dates scored in a run of Prefect, and give what came of each."""
    from flows.nightly.backfill.flow import backfill as flow
    from flows.nightly.backfill.plan import DatePlan

    found = flow(study.name, dates=list(dates), model=model, again=again, strict=False)
    return [DatePlan(**each) for each in found]


def _show(title: str, plans: Iterable[DatePlan]) -> None:
    table = Table("date", "state", "why", title=title, title_justify="left")
    for each in plans:
        table.add_row(each.date, Text(each.state, style=_COLOURS[each.state]), each.why)
    console.print(table)


def _require_sound(undone: Sequence[DatePlan]) -> None:
    if undone:
        first = min(each.date for each in undone)
        raise ValueError(f"{len(undone)} dates were not scored, first {first}: mend what is named and run it again")
