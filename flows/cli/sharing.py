"""The commands on ways of sharing: compare them, group tasks, write embeddings, sweep, list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from flows.cli.options import StudyName, console, relative, say_next, sound_study

app = typer.Typer()


@app.command()
def methods(as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False) -> None:
    """List every encoder, trunk, balancer, joint model and baseline that params.yaml can name."""
    import json

    from flows.experiments.methods import methods as listed

    rows = listed()
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table("kind", "name", "what it does")
    for row in rows:
        table.add_row(row["kind"], row["name"], row["line"])
    console.print(table)
    say_next("methods", "name some under `compare` in params.yaml, then mtl-health compare --study STUDY")


@app.command()
def compare(name: StudyName) -> None:
    """Train the candidates of the study's `compare` block that are not trained yet, and rank all of them."""
    study = sound_study(name, "parts")
    paths = study.paths
    if not study.settings.compare.candidates:
        raise ValueError(f"params.yaml: studies.{name}.compare.candidates names no candidate")
    from flows.cli.tables import ranking
    from flows.nightly.reproduce import dvc_repro
    from flows.project.paths import read_json

    dvc_repro(paths.root, name, [f"compare/dvc.yaml:compare@{name}"], timeout=24 * 3600)
    board = read_json(paths.reports / "compare.json")
    console.print(ranking(board))
    console.print(f"{board['n_people']} validation people; page: {relative(paths.reports / 'compare.html')}")
    say_next("compare", "open the page; what is clearly better goes under `model` or `training` in params.yaml")


@app.command()
def groups(name: StudyName) -> None:
    """Measure which tasks help each other, train the groups that this proposes, and say which grouping wins."""
    paths = sound_study(name, "parts").paths
    from flows.cli.tables import groupings, negative_transfer
    from flows.experiments.groups.page import verdict
    from flows.nightly.reproduce import dvc_repro
    from flows.project.paths import read_json

    dvc_repro(paths.root, name, [f"compare/dvc.yaml:groups@{name}"], timeout=24 * 3600)
    record = read_json(paths.reports / "groups.json")
    console.print(groupings(record))
    console.print(negative_transfer(record))
    console.print(f"{verdict(record)}\nunder studies.{name}.{record['where']} of params.yaml:\n")
    console.print(record["block"], markup=False, highlight=False, soft_wrap=True)
    console.print(f"{record['n_people']} validation people; page: {relative(paths.reports / 'groups.html')}")
    say_next("groups", "open the page; paste the block above into params.yaml where a grouping wins")


@app.command()
def embed(
    name: StudyName,
    candidate: Annotated[
        str | None, typer.Option("--candidate", help="A candidate of the study's `compare` block.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file for the vectors.")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="The outcome that shades the figure.")] = None,
    segments: Annotated[int, typer.Option("--segments", help="How many groups of similar people.")] = 6,
) -> None:
    """Write a vector for each person and feature domain, the nearest neighbours, segments, and a figure of them."""
    study = sound_study(name, "parts")
    paths = study.paths
    from flows.cli.tables import segments as segments_table
    from flows.experiments.embed.vectors import embed as write_vectors
    from flows.experiments.embed.vectors import find_source
    from flows.nightly.reproduce import dvc_repro

    source = find_source(study, candidate)
    dvc_repro(paths.root, name, [f"{'train' if source.is_model else 'features'}@{name}"], timeout=24 * 3600)
    summary = write_vectors(study, source, out=out, outcome=outcome, n_segments=segments)
    console.print(segments_table(summary))
    for what in ("mean", "example"):
        cosines = ", ".join(f"{each['rank']}: {each[what]:.3f}" for each in summary["neighbours"])
        whose = "mean over everyone" if what == "mean" else "of one person"
        console.print(f"cosine to the nearest neighbours by rank, {whose}: {cosines}")
    console.print(f"figure: {relative(paths.reports / 'embeddings.svg')}")
    for what, file in summary["files"].items():
        console.print(f"{what}: {relative(Path(file).resolve())}")
    console.print("these three hold identifiers and health information: they belong behind the same door as the data")
    say_next("embed", "open the figure; docs/sharing.md shows how to read the files")


@app.command()
def sweep(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A sweep of sweeps/params.yaml, or `all`.")],
) -> None:
    """Vary one thing at a time (relatedness, labels, noise, people) and show where sharing helps or hurts."""
    from flows.experiments.sweeps.findings import findings
    from flows.experiments.sweeps.page import write_page
    from flows.experiments.sweeps.settings import load_sweep, stage_of, sweep_names
    from flows.experiments.sweeps.stage import reports_of
    from flows.nightly.reproduce import dvc_repro
    from flows.project.environment import prepare
    from flows.project.paths import project_root, read_json

    root = project_root()
    prepare(root)
    known = sweep_names(root)
    for each in known if name == "all" else [name]:
        dvc_repro(root, each, [stage_of(each, load_sweep(root, each))], timeout=24 * 3600)
        figures = read_json(reports_of(root) / f"{each}.json")
        console.print(f"{each}: {figures['title']}", style="bold")
        for sentence in findings(figures):
            console.print(f"  {sentence}", soft_wrap=True, highlight=False)
    console.print(f"page: {relative(write_page(reports_of(root), known))}")
    say_next("sweep", "open the page")
