"""The commands for those who read the published tables: what they are promised, and tables that last."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import StudyName, console, relative, say_next, show, sound_study

app = typer.Typer()


@app.command()
def contract(
    name: Annotated[
        str | None, typer.Option("--study", help="Name of a study. Default: all.", show_default=False)
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with status 1 if a contract is stale or was broken.")
    ] = False,
) -> None:
    """Write the contracts of the published tables (Open Data Contract Standard) that the code says otherwise."""
    from flows.nightly.contracts.kept import FOLDER, faults_of, renew
    from flows.project.paths import project_root
    from flows.project.settings import read_studies
    from flows.study.study import Study

    root = project_root()
    studies = [Study(root, each, "block") for each in ([name] if name else read_studies(root))]
    faults = list[str]()
    for study in studies:
        if check:
            faults += faults_of(study)
            continue
        for table, (version, changes) in renew(study).items():
            said = "; ".join((*changes.breaking, *changes.additive)) or "words"
            console.print(f"{FOLDER}/{study.name}/{table}.odcs.yaml {version}: {said}", soft_wrap=True)
    if faults:
        raise ValueError("\n".join(faults))
    if check:
        console.print(f"the contracts of {', '.join(study.name for study in studies)} are what the code says")
    say_next("contract", "commit the folder contracts" if not check else "docs/published.md says who is promised what")


@app.command()
def upkeep(name: StudyName) -> None:
    """Compact and vacuum the study's tables as far as the audit period allows. `make serve` does it once a month."""
    study = sound_study(name)
    from flows.nightly.upkeep import upkeep as flow

    show(f"upkeep of {study.name}", flow(name))
    say_next("upkeep", f"mtl-health tonight --study {name}")


@app.command()
def latest(
    name: StudyName,
    to: Annotated[Path, typer.Option("--to", help="The Parquet file to write. Patient data.")],
    since: Annotated[str, typer.Option("--since", help="The oldest date to look at.", show_default=False)] = "",
) -> None:
    """Write the newest scores of each person, from whichever date has them last, into one file."""
    study = sound_study(name)
    from flows.nightly.newest_scores import write_latest

    show(f"newest scores of {name}", {**write_latest(study, to, since), "file": relative(to)})
    say_next("latest", "read the file with your own tool: docs/published.md says what it costs")
