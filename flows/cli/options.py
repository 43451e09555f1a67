"""What the commands share: their options, the console, and how a path or a table is shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from flows.study.naming.rules import Depth
    from flows.study.study import Study

StudyName = Annotated[str, typer.Option("--study", help="Name of the study, as in params.yaml.")]
Date = Annotated[
    str | None,
    typer.Option(
        "--date",
        help="Date of the drop, as 2026-11-20. Default: today in the study's time zone.",
        show_default=False,
    ),
]
# piped output has no width of its own; the default of 80 columns would break figures. What is printed holds names of
# folders, studies and tasks: none of their brackets or colons is markup
console = Console(width=None if sys.stdout.isatty() else 150, markup=False, emoji=False)


def any_study(name: str, depth: Depth = "block", *, watched: bool = True) -> Study:
    """A study, whatever is wrong with its settings; state of Prefect under the project's folder.

    ``watched``: whether what the command starts is ended with it. A command that only looks starts nothing.
    """
    from flows.project.environment import prepare
    from flows.project.paths import project_root
    from flows.project.processes import end_on_signals, keep_watch
    from flows.project.server import use_serving
    from flows.study.study import Study

    root = project_root()
    prepare(root)
    end_on_signals()
    if watched:
        keep_watch()
        use_serving(Path(os.environ["PREFECT_HOME"]))
    return Study(root, name, depth)


def sound_study(name: str, depth: Depth = "block", *, watched: bool = True) -> Study:
    """A study whose settings have no fault.

    ``depth``: how far names of the block are looked up. A command that only looks pays for nothing; one that reads
    data has the contract beside it, one that trains the parts of the network too.
    """
    study = any_study(name, depth, watched=watched)
    _ = study.settings
    return study


def show(title: str, rows: dict[str, Any]) -> None:
    """Print a two-column table."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for name, value in rows.items():
        table.add_row(Text(name, style="bold"), str(value))
    console.print(table)


def recorded_by(said: str = "recorded by") -> dict[str, str]:
    """The Prefect server that records a run, where the environment names one, without what may be a password."""
    url = urlsplit(os.environ.get("PREFECT_API_URL", ""))
    return {said: f"{url.hostname}{f':{url.port}' if url.port else ''}"} if url.hostname else {}


def say_next(command: str, *steps: str) -> None:
    """Print what to do next, a line each, if ``command`` is what was typed and not a step of another."""
    if sys.argv[1:2] == [command]:
        for step in steps:
            console.print(Text.assemble(("next: ", "green"), step), highlight=False, soft_wrap=True)


def say_losses(sentences: str | None, compared_with: str = "") -> None:
    """Print which limits a validation passed, a line each, and what its columns were compared with."""
    if compared_with:
        console.print(f"columns compared with {compared_with}", highlight=False, soft_wrap=True)
    for line in (sentences or "").splitlines():
        console.print(Text.assemble(("beyond its limit: ", "red"), line), soft_wrap=True)


def say_counts(study: str, summary: dict[str, Any]) -> None:
    """Print the rows of every table of a validation, and every reason with its column and count."""
    from flows.cli.validation_report import reason_table, validation_table

    console.print(validation_table(study, summary))
    console.print(reason_table(summary))


def relative(path: Path) -> str:
    """``path`` from where the user stands, if it is below."""
    from flows.project.storage import shown

    return shown(path, Path.cwd())
