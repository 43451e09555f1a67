"""The command `doctor`: what is wrong with an installation, a line a check, and what to type. It changes nothing."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from flows.cli.options import console, say_next

app = typer.Typer()
_COLOURS = {"ok": "green", "fault": "red", "note": "yellow"}


@app.command()
def doctor(
    name: Annotated[str | None, typer.Argument(metavar="[STUDY]", help="Look at one study alone.")] = None,
) -> None:
    """Look whether nights can run here: machine, locks, server, schedules, alerts, registry, tables, last nights."""
    from flows.doctor.examine import examine
    from flows.project.paths import project_root

    faults = 0
    for check, found in examine(project_root(), name):
        faults += found.state == "fault"
        line = Text.assemble((f"{found.state:5}", _COLOURS[found.state]), f"  {check}: {found.words}")
        console.print(line, highlight=False, soft_wrap=True)
        if found.next:
            console.print(Text.assemble("       ", ("next: ", "green"), found.next), highlight=False, soft_wrap=True)
    if faults:
        console.print(f"{faults} fault{'s' if faults > 1 else ''}", highlight=False)
        raise typer.Exit(1)
    say_next("doctor", "nothing to mend; mtl-health tonight --study STUDY shows the last night")
