"""What commands print: names are no markup, an error is one sentence, a traceback comes when asked for."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import flows.cli.main as cli
from flows.cli.options import console, show
from tests.support import ROOT, STUDIES

CODE = """
import sys
import polars as pl
import flows.cli.main as cli
cli.app = lambda: pl.Series([233]).cast(pl.Int8)
sys.argv = ["mtl-health"]
cli.main()
"""


SETTINGS = """
import json, sys
from flows.project.paths import project_root
from flows.study.study import Study
for name in sys.argv[2:]:
    Study(project_root(), name, "block").settings
print(json.dumps([name for name in sys.argv[1].split() if name in sys.modules]))
"""


def registered() -> list[Any]:
    """Every command that can be typed."""
    groups = [group.typer_instance for group in cli.app.registered_groups]
    return [command for group in groups if group for command in group.registered_commands]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_settings_are_read_without_a_library_that_trains_or_reads_tables() -> None:
    heavy = "polars pyarrow pandas pandera numpy deltalake torch sklearn lightgbm catboost onnxruntime prefect dvc"
    done = run("-c", SETTINGS, heavy, *STUDIES)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == []


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


def test_the_help_is_grouped_and_every_command_says_what_comes_next() -> None:
    commands = {command.name or command.callback.__name__: command for command in registered()}
    assert {command.rich_help_panel for command in commands.values()} == set(cli.PANELS)
    sources = {name: inspect.getsource(command.callback) for name, command in commands.items()}
    assert not [name for name, source in sources.items() if not re.search(rf'say_next\(\s*"{name}"', source)]


def test_what_comes_next_is_a_command_that_there_is() -> None:
    names = {command.name or command.callback.__name__ for command in registered()}
    sources = "".join(path.read_text() for path in (ROOT / "flows" / "cli").glob("*.py"))
    steps = re.findall(r"mtl-health ([a-z-]+)", "".join(re.findall(r"say_next\((.*?)\)\n", sources, re.DOTALL)))
    assert len(steps) > 5
    assert set(steps) <= names
