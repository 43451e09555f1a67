"""The command ``mtl-health``: what people and schedulers type. Heavy libraries are imported inside the sub-commands."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.text import Text

from flows.cli import (
    backfill,
    check,
    contracts,
    doctor,
    look,
    models,
    new,
    replay,
    score,
    sharing,
    train,
    update,
    validate,
    watch,
)

app = typer.Typer(
    name="mtl-health",
    help="One network learns several health outcomes from dirty tables. Every night it scores the new people.",
    epilog="New here? Try `mtl-health nightly --study nhanes` on the sample data, then `mtl-health new` on your own. "
    "README.md explains words such as study, drop, champion and gate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
PANELS = {
    "Bring your data": (new, check, validate),
    "Run a night": (train, update, score, backfill, replay),
    "Look at what is there": (look, watch, doctor),
    "Which model, when, why": (models,),
    "Keep what others read": (contracts,),
    "Find out how outcomes should share": (sharing,),
}
"""What people do, in the order of `--help`, and the commands for it."""

for panel, groups in PANELS.items():
    for group in groups:
        for command in group.app.registered_commands:
            command.rich_help_panel = panel
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
