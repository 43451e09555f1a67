"""Commands that show, commands that are wrong, and the lines of the pages that read the scores."""

from __future__ import annotations

import re
import sys

import pytest

from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("score", "--study", "heart", "--date", "2020-01-01"), "no drop for 2020-01-01"),
        (("score", "--study", "heart", "--date", "yesterday"), "is not a date"),
        (("tonight", "--study", "heart", "--date", ""), "is not a date"),
        (("score", "--study", "hart"), "no study 'hart'"),
        (("champion", "--study", "nhanes"), "no champion yet"),
        (("report", "--study", "nhanes"), "was not evaluated yet"),
        (("validate", "--study", "heart", "nowhere"), "nowhere is not a folder"),
    ],
)
def test_a_wrong_command_is_one_sentence(nightly: Project, arguments: tuple[str, ...], sentence: str) -> None:
    done = nightly.run("mtl-health", *arguments, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert sentence in " ".join(done.stderr.split())


def test_commands_that_show(nightly: Project) -> None:
    assert "first model of the study" in nightly.run("mtl-health", "champion", "--study", "heart").stdout
    assert "AUROC" in nightly.run("mtl-health", "report", "--study", "heart").stdout
    tonight = nightly.run("mtl-health", "tonight", "--study", "heart", "--date", NIGHT).stdout
    assert "thal__p_fixed_defect" in tonight
    assert "tables that did not arrive  none" in tonight
    valid = nightly.run("mtl-health", "validate", "--study", "heart", "data/raw/heart").stdout
    assert "303" in valid
    assert "next: mtl-health check heart" in valid
    assert "next: read the table" in tonight
    for command in ("validate", "retrain", "score", "champion", "report", "sample-drop", "tonight"):
        assert "--study" in nightly.run("mtl-health", command, "--help").stdout


def test_the_pages_read_the_scores(nightly: Project) -> None:
    """The lines for DuckDB, pandas and Polars, on the heart study, print the newest date's people."""
    pages = [(nightly.folder / name).read_text() for name in ("README.md", "docs/published.md")]
    blocks = [
        block for page in pages for block in re.findall(r"```python\n(# read with .*?)```", page, flags=re.DOTALL)
    ]
    tools = [re.match(r"# read with (\w+)", block)[1] for block in blocks]  # type: ignore[index]
    assert tools == ["Polars", "DuckDB", "pandas", "Polars"]
    for block in blocks:
        assert len(block.strip().splitlines()) <= 6
        program = block.replace("nhanes", "heart").replace("diabetes", "disease")
        assert "disease__p" in nightly.run(sys.executable, "-c", program).stdout
