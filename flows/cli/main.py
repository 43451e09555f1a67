"""The command ``mtl-health``: what people and schedulers type. Heavy libraries are imported inside the sub-commands."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.text import Text

from flows.cli import check, look, score, sharing, train, validate

app = typer.Typer(
    name="mtl-health",
    help="Multi-task learning on health tables: validate, retrain, score, and look at the champion and its report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (check, validate, train, score, look, sharing):  # in the order of `--help`
    app.add_typer(group.app)


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
