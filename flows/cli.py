"""The command ``mtl-health``: what people and schedulers type. Heavy libraries are imported inside the sub-commands."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    name="mtl-health",
    help="Multi-task learning on health tables: validate, retrain, score, and look at the champion and its report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Study = Annotated[str, typer.Option("--study", help="A study: a block of params.yaml.")]
Date = Annotated[
    str | None,
    typer.Option("--date", help="ISO date of the drop, e.g. 2026-11-20. Default: today.", show_default=False),
]
# piped output has no width of its own; the default of 80 columns would break figures
console = Console(width=None if sys.stdout.isatty() else 150)


def _study(study: str) -> tuple[Any, Any]:
    """Paths and settings of a study; state of Prefect under the project's folder."""
    from flows.environment import prepare
    from flows.paths import StudyPaths, project_root
    from flows.settings import load_settings

    root = project_root()
    prepare(root)
    return StudyPaths(root, study), load_settings(root, study)


def _show(title: str, rows: dict[str, Any]) -> None:
    """Print a two-column table."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", str(value), style=None)
    console.print(table)


def _relative(path: Path) -> str:
    """``path`` from where the user stands, if it is below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@app.command()
def validate(
    study: Study,
    folder: Annotated[Path, typer.Argument(help="Folder with the raw tables, <TABLE>.csv or .parquet.")],
    scoring: Annotated[bool, typer.Option("--scoring", help="Outcomes may be missing, as in a night's drop.")] = False,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Write the rejects to this Parquet file.")] = None,
) -> None:
    """Check a folder of raw tables against the study's contract, and count what would be rejected and why."""
    paths, settings = _study(study)
    from flows.features.view import hidden_patterns
    from flows.paths import replace_file
    from flows.validation_report import reason_table, validation_table
    from schemas.contract import load_contract
    from schemas.validation import validate_folder

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: give the one that holds the tables of {paths.study}")
    labels = hidden_patterns(settings.task_records, settings.known_later) if scoring else ()
    share = settings.validation.max_reject_share
    result = validate_folder(folder, load_contract(study), optional_columns=labels, max_reject_share=share)
    summary = result.summary()
    console.print(validation_table(study, summary))
    console.print(reason_table(summary))
    if rejects:
        replace_file(rejects, result.rejects.write_parquet)
        console.print(f"rejects with their rows and reasons: {rejects}")


@app.command()
def retrain(study: Study) -> None:
    """Reproduce the study's model with DVC, register it, and promote it if the gate lets it."""
    paths, _ = _study(study)
    from flows.retrain import retrain as flow

    row = flow(study)
    _show(
        f"retrained {study}",
        {
            "model": row["model_version"],
            "champion": "yes" if row["promoted"] else "unchanged",
            "gate": row["reason"],
            "people in": row["n_people"],
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            "seconds": f"{row['seconds']:.1f}",
            "report": _relative(paths.reports / "index.html"),
        },
    )


@app.command()
def score(
    study: Study,
    date: Date = None,
    force: Annotated[bool, typer.Option("--force", help="Write the date again even if nothing changed.")] = False,
) -> None:
    """Score a date's drop with the champion and replace that date in the score table."""
    paths, settings = _study(study)
    from flows.scoring import open_run
    from flows.stores.inbox import check_date

    date = check_date(date or dt.date.today().isoformat())
    open_run(paths, settings, date)  # no drop or no champion is said at once, before a server starts
    from flows.score import score as flow

    row = flow(study, date, force)
    _show(
        f"scored {study}, {row['batch']}"
        + (": nothing had changed, the table was left as it is" if row["unchanged"] else ""),
        {
            "people in = scored + rejected + excluded": (
                f"{row['n_people']} = {row['n_scored']} + {row['n_rejected']} + {row['n_excluded']}"
            ),
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            "model": row["model_version"],
            "run": row["run_id"],
            "seconds": f"{row['seconds']:.1f}",
            "table": _relative(paths.tables / "scores"),
        },
    )


@app.command()
def champion(study: Study) -> None:
    """Show the model that scores tonight, and how it came to be the champion."""
    paths, _ = _study(study)
    from flows.scoring import registry_of

    registry = registry_of(paths)
    current = registry.champion()
    if current is None:
        raise ValueError(f"{study} has no champion yet: run `mtl-health retrain --study {study}`")
    _show(
        f"champion of {study}",
        {
            "model": current.version,
            "since": current.promoted_at.strftime("%Y-%m-%d %H:%M UTC"),
            "because": current.reason,
            "promotions so far": registry.promotions().height,
            "file": _relative(current.path),
            "report": _relative(current.path.with_name("index.html")),
        },
    )


@app.command()
def report(study: Study) -> None:
    """Print the headline figures of the study's last evaluation, and where its page is."""
    paths, _ = _study(study)
    from flows.headline import headline_table
    from flows.paths import read_json

    if not (paths.reports / "evaluation.json").is_file():
        raise FileNotFoundError(
            f"{study} was not evaluated yet: run `dvc repro` or `mtl-health retrain --study {study}`"
        )
    console.print(headline_table(study, read_json(paths.reports / "evaluation.json")))
    console.print(f"page: {_relative(paths.reports / 'index.html')}")


@app.command()
def methods(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List every encoder, trunk, balancer, joint model and baseline that params.yaml can name."""
    import json

    from flows.methods import methods as listed

    rows = listed()
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table("kind", "name", "what it does")
    for row in rows:
        table.add_row(row["kind"], row["name"], row["line"])
    console.print(table)


@app.command()
def compare(study: Study) -> None:
    """Train what the study's `compare` block names and is not trained yet, and rank it on validation people."""
    paths, settings = _study(study)
    if not settings.compare.runs:
        raise ValueError(f"params.yaml: studies.{study}.compare.runs names no run")
    from flows.headline import interval
    from flows.paths import read_json
    from flows.reproduce import dvc_repro

    dvc_repro(paths.root, study, [f"compare/dvc.yaml:compare@{study}"], timeout=24 * 3600)
    board = read_json(paths.reports / "compare.json")
    table = Table(
        "run",
        "seeds",
        "mean figure",
        f"gain over {board['first']}",
        "over lightgbm",
        "over catboost",
        "over its twins",
        "worst task",
    )
    for row in board["rows"]:
        gains = {kind: interval(gain["mean"], percent=True) for kind, gain in row["gains"].items()}
        worst = (row["gains"].get("first") or {}).get("worst")
        table.add_row(
            row["run"],
            str(row["seeds"]),
            interval(row["mean"]),
            *(gains.get(kind, "-") for kind in ("first", "lightgbm", "catboost", "twin")),
            f"{worst['task']} {worst['value']:+.1%}" if worst else "-",
        )
    console.print(table)
    console.print(f"{board['n_people']} validation people; page: {_relative(paths.reports / 'compare.html')}")


@app.command()
def groups(study: Study) -> None:
    """Measure which tasks help each other, train the groupings that this proposes, and say which one wins."""
    paths, _ = _study(study)
    from flows.paths import read_json
    from flows.report.groups import verdict
    from flows.reproduce import dvc_repro
    from flows.terminal import groupings, negative_transfer

    dvc_repro(paths.root, study, [f"compare/dvc.yaml:groups@{study}"], timeout=24 * 3600)
    record = read_json(paths.reports / "groups.json")
    console.print(groupings(record))
    console.print(negative_transfer(record))
    console.print(f"{verdict(record)}\nunder studies.{study}.{record['where']} of params.yaml:\n")
    console.print(record["block"], markup=False, highlight=False, soft_wrap=True)
    console.print(f"{record['n_people']} validation people; page: {_relative(paths.reports / 'groups.html')}")


@app.command()
def embed(
    study: Study,
    run: Annotated[str | None, typer.Option("--run", help="A run of the study's compare block.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file for the vectors.")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="What shades the figure, e.g. diabetes.")] = None,
    segments: Annotated[int, typer.Option("--segments", help="How many segments.")] = 6,
) -> None:
    """Write a vector a person and feature domain, the nearest neighbours, segments, and a figure of them."""
    paths, settings = _study(study)
    from flows.embed import embed as write_vectors
    from flows.embed import find_source
    from flows.reproduce import dvc_repro
    from flows.terminal import segments as segments_table

    source = find_source(settings, study, run)
    dvc_repro(paths.root, study, [f"{'train' if source.is_model else 'features'}@{study}"], timeout=24 * 3600)
    summary = write_vectors(paths, source, out=out, outcome=outcome, n_segments=segments)
    console.print(segments_table(summary))
    for what in ("mean", "example"):
        cosines = ", ".join(f"{each['rank']}: {each[what]:.3f}" for each in summary["neighbours"])
        whose = "mean over everyone" if what == "mean" else "of one person"
        console.print(f"cosine to the nearest neighbours by rank, {whose}: {cosines}")
    console.print(f"figure: {_relative(paths.reports / 'embeddings.svg')}")
    for what, file in summary["files"].items():
        console.print(f"{what}: {_relative(Path(file).resolve())}")
    console.print("these three hold identifiers and health information: they belong behind the same door as the data")


@app.command()
def sweep(name: Annotated[str, typer.Argument(help="A sweep of sweeps/params.yaml, or `all`.")]) -> None:
    """Vary one thing at a time (relatedness, labels, noise, people) and show where sharing helps or hurts."""
    from flows.environment import prepare
    from flows.paths import project_root, read_json
    from flows.reproduce import dvc_repro
    from flows.stages.sweep import reports_of
    from flows.sweeps.findings import findings
    from flows.sweeps.page import write_page
    from flows.sweeps.settings import load_sweep, load_sweeps, stage_of

    root = project_root()
    prepare(root)
    known = load_sweeps(root)
    for each in known if name == "all" else [name]:
        dvc_repro(root, each, [stage_of(each, load_sweep(root, each))], timeout=24 * 3600)
        figures = read_json(reports_of(root) / f"{each}.json")
        console.print(f"[bold]{each}[/bold]: {figures['title']}")
        for sentence in findings(figures):
            console.print(f"  {sentence}", soft_wrap=True, highlight=False)
    console.print(f"page: {_relative(write_page(reports_of(root), list(known)))}")


@app.command("sample-drop")
def sample_drop(
    study: Study,
    date: Date = None,
    with_outcomes: Annotated[
        bool, typer.Option("--with-outcomes", help="Keep the outcomes' tables, which other outcomes may read.")
    ] = False,
) -> None:
    """Put the study's test people, outcomes removed, into the inbox as a night's drop."""
    paths, settings = _study(study)
    from flows.sample import write_sample_drop
    from flows.stores.inbox import check_date

    folder, n_people = write_sample_drop(
        paths, settings, check_date(date or dt.date.today().isoformat()), with_outcomes=with_outcomes
    )
    kept = "kept" if with_outcomes else "removed"
    console.print(f"{n_people} people of the test part, outcomes {kept}: {_relative(folder)}")


@app.command()
def tonight(study: Study, date: Date = None) -> None:
    """Say where a date's scores and the report are, with the columns of the table and no values."""
    paths, _ = _study(study)
    from flows.stores.tables import ScoreTable

    date = date or dt.date.today().isoformat()
    table = ScoreTable(paths.tables)
    rows = table.read(date) if table.exists() else None
    if rows is None or rows.is_empty():
        raise ValueError(f"{study} has no scores for {date}: run `mtl-health score --study {study} --date {date}`")
    columns = Table("column", "type", "empty", title=f"{rows.height} rows for {date}", title_justify="left")
    for name, dtype in rows.schema.items():
        columns.add_row(name, str(dtype), str(rows[name].null_count()))
    console.print(columns)
    _show("", {"scores": _relative(table.folder), "report": _relative(paths.reports / "index.html")})


@app.command()
def nightly(study: Study, date: Date = None) -> None:
    """Do the whole job on the sample data: retrain, put the test people into the inbox, score them, say where."""
    retrain(study)
    sample_drop(study, date)
    score(study, date)
    tonight(study, date)


def main() -> None:
    """Run the command; what a user can mend is one sentence and status 1, not a traceback."""
    try:
        app()
    except (ValueError, OSError, RuntimeError) as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
