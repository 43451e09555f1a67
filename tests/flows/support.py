"""What tests of whole nights ask the heart study's copy of the project."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from flows.stores.delta_files import read_delta
from tests.support import NIGHT, Project


def table(project: Project, name: str) -> pl.DataFrame:
    """A published table, all its dates."""
    return read_delta(project.folder / "data" / "tables" / "heart" / name)


def version(project: Project, name: str) -> int:
    """The newest version of a published table."""
    return DeltaTable(str(project.folder / "data" / "tables" / "heart" / name)).version()


def scores_of(project: Project, date: str = NIGHT) -> pl.DataFrame:
    """The published scores of a date."""
    return table(project, "scores").filter(pl.col("score_date") == dt.date.fromisoformat(date))


def drop_of(project: Project, date: str) -> Path:
    """A second drop, the same people, to be spoilt by a test."""
    inbox = project.folder / "data" / "inbox" / "heart"
    shutil.copytree(inbox / NIGHT, inbox / date)
    return inbox / date


REMOVE = "remove"
"""In place of a command: removes a folder between two others."""
_COMMANDS = """
import contextlib, io, json, shutil, sys
from flows.cli.start import main
said = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["mtl-health", *arguments]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            shutil.rmtree(arguments[1]) if arguments[0] == "remove" else main()
            code = 0
        except SystemExit as end:
            code = end.code
    said.append([code or 0, out.getvalue(), err.getvalue()])
print("\\n" + json.dumps(said))
"""


def run_all(project: Project, *commands: list[str]) -> list[tuple[int, str, str]]:
    """Run commands of ``mtl-health`` one after another in one process, which imports what they need once.

    Returns:
        Of each its status, and what it printed and said of errors.
    """
    done = project.run(sys.executable, "-c", _COMMANDS, json.dumps(commands))
    assert "Traceback" not in done.stdout + done.stderr
    return [(code, out, err) for code, out, err in json.loads(done.stdout.splitlines()[-1])]
