"""What commands print: names are no markup, an error is one sentence, a traceback comes when asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flows.cli.options import console, show
from tests.support import ROOT

CODE = """
import sys
import polars as pl
import flows.cli.main as cli
cli.app = lambda: pl.Series([233]).cast(pl.Int8)
sys.argv = ["mtl-health"]
cli.main()
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_brackets_and_colons_of_a_name_are_printed_as_they_are() -> None:
    with console.capture() as kept:
        show("scored [/old]", {"table [red]": Path("drop[/bold]/:smile:")})
        console.print("folder [/nope]")
    printed = kept.get()
    for text in ("scored [/old]", "table [red]", "drop[/bold]/:smile:", "folder [/nope]"):
        assert text in printed


def test_a_folder_whose_name_looks_like_markup_is_one_sentence() -> None:
    done = run("-m", "flows.cli", "validate", "--study", "heart", "nope[/old]")
    assert done.returncode == 1
    assert done.stderr.startswith("error: nope[/old] is not a folder")
    assert len(done.stderr.splitlines()) == 1


def test_a_librarys_error_shows_no_value_unless_a_traceback_is_asked_for() -> None:
    done = run("-c", CODE, MTL_HEALTH_TRACEBACK="")
    assert done.returncode == 1
    assert done.stderr.startswith("error: unexpected InvalidOperationError")
    assert "MTL_HEALTH_TRACEBACK=1 shows it" in done.stderr
    assert "233" not in done.stderr
    asked = run("-c", CODE, MTL_HEALTH_TRACEBACK="1")
    assert "Traceback" in asked.stderr
    assert "233" in asked.stderr
