"""The commands that look and change nothing: the champion, the report, a date's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from flows.cli.options import Date, StudyName, console, relative, say_counts, say_losses, say_next, show, sound_study

if TYPE_CHECKING:
    from flows.study.study import Study

app = typer.Typer()


_Day = Annotated[
    str | None, typer.Option("--date", help="The champion at the end of this day, as 2026-11-20.", show_default=False)
]


@app.command()
def champion(name: StudyName, date: _Day = None) -> None:
    """Show the model that scores now or did on a day, and why it became the champion."""
    study = sound_study(name, watched=False)
    registry = study.registry
    if date is not None:
        _show_champion_on(study, date)
        return
    current = registry.require_champion(name)
    show(
        f"champion of {name}",
        {
            "model": current.version,
            "since": current.promoted_at.strftime("%Y-%m-%d %H:%M UTC"),
            "because": current.reason,
            "promotions so far": registry.promotions().height,
            "file": relative(current.path),
            "report": relative(current.path.with_name("index.html")),
        },
    )
    say_next("champion", f"mtl-health score --study {name}")


def _show_champion_on(study: Study, date: str) -> None:
    from flows.nightly.champions import champion_on, scorer_of

    row = champion_on(study.registry.promotions(), date, study.settings.schedule.timezone)
    if row is None:
        raise ValueError(f"{study.name} had no champion on {date}: `mtl-health history --study {study.name}` shows all")
    show(
        f"champion of {study.name} at the end of {date}",
        {
            "model": row["model_version"],
            "since": row["promoted_at"].strftime("%Y-%m-%d %H:%M UTC"),
            "because": row["reason"],
            "scores of the date are by": scorer_of(study, date) or "none: it has no scores",
        },
    )


@app.command()
def report(name: StudyName) -> None:
    """Print the main figures of the study's last evaluation, and where its page is."""
    paths = sound_study(name, watched=False).paths
    from flows.project.paths import read_json
    from flows.report.headline import headline_table

    if not (paths.reports / "evaluation.json").is_file():
        raise FileNotFoundError(f"{name} was not evaluated yet: run `dvc repro` or `mtl-health retrain --study {name}`")
    console.print(headline_table(name, read_json(paths.reports / "evaluation.json")))
    console.print(f"page: {relative(paths.reports / 'index.html')}")
    say_next("report", f"open the page; mtl-health compare --study {name} tries other ways of sharing")


@app.command()
def tonight(name: StudyName, date: Date = None) -> None:
    """Show whether a date was scored: rows, columns, losses and where the scores are, but no values."""
    study = sound_study(name, watched=False)
    paths = study.paths
    from flows.nightly import stopped
    from flows.nightly.ledger import absent_tables, withheld_tasks
    from flows.project.dates import date_or_today
    from flows.stores.dated import state_of

    date = date_or_today(date, study.settings.schedule.timezone)
    state = state_of(study.tables, date)
    held = state.look() if state else None
    kept = stopped.read(paths, date)
    if kept:
        say_counts(name, kept["validation"])
        say_losses("\n".join(kept["limits passed"]))
    if state is None or held is None:
        from flows.nightly.fresh import nothing_to_score

        if not kept and (said := nothing_to_score(study, date)):
            console.print(said, soft_wrap=True)
            return
        why = "a limit stopped its drop; mend that and " if kept else ""
        raise ValueError(f"{name} has no scores for {date}: {why}run `mtl-health score --study {name} --date {date}`")
    if kept:
        console.print(f"the last drop of {date} was stopped: the scores below are of an earlier one", soft_wrap=True)
    columns = Table("column", "type", "empty", title=f"{held.n_rows} rows for {date}", title_justify="left")
    for name, dtype in held.schema.items():
        columns.add_row(name, str(dtype), str(held.empty[name]))
    console.print(columns)
    say_losses(state.run.get("floods"))
    show(
        "",
        {
            "tables that did not arrive": ", ".join(absent_tables(state.run)) or "none",
            "outcomes not scored": withheld_tasks(state.run) or "none",
            "scores": relative(study.tables.scores.folder),
            "report": relative(paths.reports / "index.html"),
        },
    )
    say_next("tonight", "read the table with your own tool: docs/published.md shows how")
