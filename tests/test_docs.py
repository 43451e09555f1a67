"""What the pages in docs/ say of columns and commands is what the code does."""

from __future__ import annotations

import datetime as dt
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from flows.cli.main import app
from flows.project.settings import ValidationSettings
from flows.schedule.pool import POOL
from flows.stores.dated import commit
from flows.stores.delta import PartitionedTable
from flows.stores.latest import latest_rows
from flows.stores.registry import ModelRegistry
from flows.stores.tables import Tables
from flows.study.load import load_settings
from schemas.contract import load_contract
from schemas.describe import dictionary
from schemas.published import Rejects, Runs
from tests.support import SAMPLES, STUDIES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WRITER = runpy.run_path(str(DOCS / "write.py"))
PUBLISHED = (DOCS / "published.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()


def _section(page: str, heading: str) -> str:
    return page.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _cells(text: str) -> list[list[str]]:
    """Rows of the Markdown table in ``text``, its heading left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_generated_pages_are_up_to_date() -> None:
    pages = WRITER["pages"]()
    demanded = {"api.md", "sharing.md", "published.md", "moment.md", *(f"{study}.md" for study in SAMPLES)}
    assert {path.name for path in pages} == demanded | {f"{study}.md" for study in STUDIES}
    written = {path: text for path, text in pages.items() if path.name in demanded or path.exists()}
    stale = [path.name for path, text in written.items() if not path.exists() or path.read_text() != text]
    assert not stale, f"{', '.join(stale)} are not what the code says: run `python docs/write.py`"


def test_the_figures_come_from_the_bytes_that_dvc_holds() -> None:
    locks = "".join((ROOT / name).read_text() for name in ("dvc.lock", "compare/dvc.lock", "sweeps/dvc.lock"))
    held = dict(re.findall(r"- path: (reports/\S+\.json)\n +hash: md5\n +md5: (\w+)", locks))
    text = (DOCS / "figures.md").read_text() + (ROOT / "README.md").read_text()
    written = re.findall(r"<!-- (?:gains from )?(reports/\S+\.json) (\w+)", text)
    assert len(written) > 4
    stale = sorted({name for name, content in written if held.get(name) != content})
    assert not stale, f"docs/figures.md was not written from {', '.join(stale)}: run `python docs/figures.py`"


def test_the_command_in_the_dictionary_writes_it() -> None:
    command = [sys.executable, "-m", "schemas.describe", "heart"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    assert printed == (DOCS / "heart.md").read_bytes()
    refused = subprocess.run([*command[:-1], "framingham"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("study", STUDIES)
def test_a_dictionary_has_a_whole_line_for_every_column(study: str) -> None:
    contract = load_contract(study)
    rows = [row for row in _cells(dictionary(contract)) if row[0].startswith("`")]
    expected = [name for model in contract.tables.values() for name in model.to_schema().columns]
    assert [row[0].strip("`") for row in rows] == expected
    assert {len(row) for row in rows} == {10}
    assert all(row[1] and row[2] and row[4] and row[8] for row in rows)


def _types(columns: dict[str, Any]) -> list[tuple[str, str]]:
    name: Callable[[Any], str] = WRITER["type_name"]
    shown = [(column, name(dtype)) for column, dtype in columns.items()]
    return [(column, re.sub(r"^List\(Struct.*", "list of {column, rule}", dtype)) for column, dtype in shown]


@pytest.mark.parametrize(("heading", "model"), [("rejects", Rejects), ("runs", Runs)])
def test_a_published_table_has_the_columns_that_the_page_names(heading: str, model: Any) -> None:
    columns = model.to_schema().columns
    rows = _cells(_section(PUBLISHED, heading))
    assert [(row[0].strip("`"), row[1]) for row in rows] == _types(
        {name: column.dtype.type for name, column in columns.items()}
    )
    assert [row[2] for row in rows] == ["yes" if column.nullable else "no" for column in columns.values()]


def test_the_page_names_the_columns_of_the_champions() -> None:
    history = ModelRegistry(Path("none"), Path("none")).promotions()
    rows = _cells(_section(PUBLISHED, "champions"))
    assert [(row[0].strip("`"), row[1]) for row in rows] == _types(dict(history.schema))


def test_the_python_that_reads_opens_no_file_of_another_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """DuckDB, pandas and Polars: the files of other dates are not even there."""
    table = PartitionedTable(tmp_path / "data/tables/nhanes/scores", "score_date")
    for day in (20, 21):
        rows = {"person_id": [f"A{day}"], "score_date": [dt.date(2026, 11, day)], "diabetes__p": [0.5]}
        table.replace(f"2026-11-{day}", pl.DataFrame(rows))
    for file in table.folder.glob("score_date=2026-11-20/*"):
        file.unlink()
    monkeypatch.chdir(tmp_path)
    blocks = [each for each in _blocks(PUBLISHED, "python") if each.startswith("# read with")]
    assert len(blocks) == 3
    for block in blocks:
        exec(block, {})
        assert "A21" in capsys.readouterr().out


def test_the_python_that_follows_the_ledger_reads_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run was killed when its rejects stood there, then when its scores did."""
    tables = Tables.of(tmp_path / "data/tables/nhanes", "delta")
    monkeypatch.chdir(tmp_path)
    block = next(each for each in _blocks(PUBLISHED, "python") if each.startswith("# follow"))
    now, date = dt.datetime.now(dt.UTC), "2026-11-20"

    def rows(run: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        scores = pl.DataFrame({"person_id": ["a"], "score_date": [dt.date.fromisoformat(date)], "run_id": [run]})
        return scores, pl.DataFrame({"line": [1], "batch": [date], "run_id": [run]})

    row = {"run_id": "one", "flow": "score", "study": "nhanes", "batch": date, "n_scored": 1, "started_at": now}
    scores, rejects = rows("one")
    commit(tables, {**row, "details": '{"n_rejects": 1}', "finished_at": now}, scores=[scores], rejects=[rejects])
    for table, frame in ((None, None), (tables.rejects, rows("two")[1]), (tables.scores, rows("two")[0])):
        if table is not None:
            table.replace(date, frame)
        exec(block, {})
        said = capsys.readouterr().out
        assert said.count("one") == 2
        assert "two" not in said


def test_the_view_of_the_newest_scores_is_what_the_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = PartitionedTable(tmp_path / "data/tables/nhanes/scores", "score_date")
    for day, people in ((20, ["A", "B"]), (21, ["B", "C"])):
        rows = {"person_id": people, "score_date": [dt.date(2026, 11, day)] * 2, "diabetes__p": [day / 100] * 2}
        table.replace(f"2026-11-{day}", pl.DataFrame(rows))
    monkeypatch.chdir(tmp_path)
    (block,) = (each for each in _blocks(PUBLISHED, "python") if each.startswith("# the newest"))
    exec(block, {})
    shown = re.findall(r"(\w) +│ (2026-11-2\d) +│ +(0\.2\d?)", capsys.readouterr().out)
    found = pl.concat(latest_rows(table.folder, "score_date", "person_id"))
    assert shown == [(person, str(day), f"{risk:g}") for person, day, risk in found.rows()]
    assert len(shown) == 3


def test_the_python_on_time_travel_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = PartitionedTable(tmp_path / "data/tables/nhanes/scores", "score_date")
    for value in (1, 2):
        table.replace("2026-11-20", pl.DataFrame({"score_date": [dt.date(2026, 11, 20)], "value": [value]}))
    table.replace("2026-11-21", pl.DataFrame({"score_date": [dt.date(2026, 11, 21)], "value": [3]}))
    monkeypatch.chdir(tmp_path)
    held = []
    for block in (
        each
        for each in _blocks(PUBLISHED, "python")
        if not each.startswith(("# read with", "# follow", "# the newest", "# outcomes"))
    ):
        exec(block.replace("2026-11-20T06:00:00+00:00", dt.datetime.now(dt.UTC).isoformat()), {})
        held.append(dict(table.read().sort("score_date").rows()))
    first, second = dt.date(2026, 11, 20), dt.date(2026, 11, 21)
    both, old = {first: 2, second: 3}, {first: 1}
    # history, reading, restoring version 0, one date from version 0
    assert held == [both, both, old, old]
    one_date = next(block for block in _blocks(PUBLISHED, "python") if "PartitionedTable" in block)
    table.replace("2026-11-21", pl.DataFrame({"score_date": [dt.date(2026, 11, 21)], "value": [4]}))
    table.replace("2026-11-20", pl.DataFrame({"score_date": [dt.date(2026, 11, 20)], "value": [5]}))
    exec(one_date, {})
    assert dict(table.read().rows()) == {first: 1, second: 4}


def test_operations_names_the_schedules_and_limits_of_params() -> None:
    schedules = {study: load_settings(ROOT, study).schedule for study in SAMPLES}
    table = _section(OPERATIONS, "What runs when")
    rows = {row[0].strip("`"): row[1:] for row in _cells(table)}
    heading = next(line for line in table.splitlines() if line.startswith("| flow"))
    named = [cell.strip() for cell in heading.strip("|").split("|")][1:]
    for study in schedules:
        place = named.index(study)
        for flow in ("retrain", "score"):
            minute, hour, *_ = getattr(schedules[study], flow).split()
            assert rows[flow][place] == f"{int(hour):02}:{int(minute):02}"
        assert f"more than {schedules[study].max_hours_late:g} hours late" in OPERATIONS


def test_operations_shows_the_limits_as_they_are_where_params_say_nothing() -> None:
    block = re.search(r"```yaml\n(.*?)```", _section(OPERATIONS, "Floods"), re.DOTALL)
    assert block is not None
    shown = yaml.safe_load(block[1])["validation"]
    assert ValidationSettings(**shown) == ValidationSettings()
    assert list(shown) == list(ValidationSettings.model_fields)


def test_operations_names_commands_that_there_are() -> None:
    parts = [app, *(group.typer_instance for group in app.registered_groups if group.typer_instance)]
    commands = [command for part in parts for command in part.registered_commands]
    known = {command.name or command.callback.__name__ for command in commands if command.callback}
    assert set(re.findall(r"mtl-health ([a-z-]+)", OPERATIONS)) <= known
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)[`\n]", OPERATIONS)) <= targets
    assert f"prefect work-pool create --type process {POOL}\n" in OPERATIONS


def test_the_readme_is_read_to_its_end_and_its_links_lead_somewhere() -> None:
    """At most 10 kB, and every link of it and of the pages in docs/ names a file that is there."""
    assert (ROOT / "README.md").stat().st_size <= 10_000
    pages = [ROOT / "README.md", *DOCS.glob("*.md"), ROOT / "CONTRIBUTING.md"]
    links = {(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())}
    missing = [
        f"{page.name}: {link}" for page, link in links if "://" not in link and not (page.parent / link).exists()
    ]
    assert not missing
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (DOCS / "README.md").read_text()))
    # a study's dictionary of one's own stands on no list
    own = {f"{study}.md" for study in STUDIES if study not in SAMPLES}
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} - own <= listed
