"""Nothing of a person is where it should not be: values that can be told from all others are looked for everywhere."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.flows.nightly.canary import Marks, figure, key, left, spoilt, words, write
from tests.flows.nightly.test_lineage import check_event
from tests.flows.support import run_all
from tests.support import Project

HOLDS_PATIENT_DATA = (
    "data/raw/canary/*",  # what was given
    ".dvc/cache/files/*",  # DVC's copies of it and of what is made of it
    "data/inbox/canary/*",
    "data/tables/canary/landed/*",
    "data/tables/canary/parts/*",
    "data/landed/canary/*",
    "data/intake/canary/*",
    "data/valid/canary/*",
    "data/features/canary/*",
    "data/tables/canary/rejects/*",
    "data/tables/canary/scores/*",
    "models/canary/*.parquet",  # predictions by person
)
"""All places that may hold a value or a key of a person; docs/operations.md says who may read them."""
KEYS_ONLY = ("data/tables/canary/scores/*", "models/canary/*.parquet", "data/tables/canary/parts/*")
PEOPLE, DATE, BAD, FLOOD, FAILING = 120, "2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"
SHORT = (
    ("epochs: 60", "epochs: 2"),
    ("seeds: [0, 1, 2]", "seeds: [0]"),
    ("baselines: {models: [single_task, linear, lightgbm, catboost]}", "baselines: {models: [linear]}"),
    ("replicates: 1000", "replicates: 100"),
    ("validation: {max_reject_share: 0.02}", "validation: {max_reject_share: 0.1, max_nulled_share: 0.1}"),
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("MTL_HEALTH_LONG" not in os.environ, reason="takes two minutes: MTL_HEALTH_LONG=1 runs it"),
]
Tables = dict[str, list[dict[str, str]]]


def tables(first: int, source: random.Random) -> Tables:
    """Two tables of marked people: every cell that holds a number or a key is a mark."""
    made: Tables = {"patients": [], "labs": []}
    for number in range(first, first + PEOPLE):
        person, weight = key(number), source.uniform(40, 120)
        made["patients"].append(
            {
                "person": person,
                "weight": f"{weight:.9f}",
                "height": figure(1.4, 2.1, source),
                "smoker": source.choice(["yes", "no"]),
                "risk": f"{weight + source.gauss(0, 30) + 90:.9f}",
                "ill": str(int(weight + source.gauss(0, 40) > 80)),
            }
        )
        made["labs"].append(
            {"person": person, "sodium": figure(120, 150, source), "ward": source.choice(["north", "south"])}
        )
    return made


def drop(project: Project, date: str, made: Tables) -> Path:
    """A night's drop: the outcomes are not known yet."""
    folder = project.folder / "data" / "inbox" / "canary" / date
    write(folder / "labs.csv", made["labs"])
    outcomes = ("risk", "ill")
    write(
        folder / "patients.csv",
        [{name: cell for name, cell in row.items() if name not in outcomes} for row in made["patients"]],
    )
    return folder


def with_spoilt_rows(made: Tables) -> Tables:
    """The same with rows in which every cell breaks the contract, and one of nobody: its key cannot be read."""
    made = {name: [*rows, {**rows[0], "person": words(name, "person", 0)}] for name, rows in made.items()}
    return {
        name: [spoilt(name, row, number, "person") if number % 40 == 7 else row for number, row in enumerate(rows)]
        for name, rows in made.items()
    }


def flooded(made: Tables) -> Tables:
    """The same, a column of it words all over."""
    rows = [{**row, "sodium": words("labs", "flood", number)} for number, row in enumerate(made["labs"])]
    return {**made, "labs": rows}


def study(project: Project, given: Path, made: Tables) -> None:
    """The study `canary`, written by the command, its training cut short."""
    files = [str(write(given / f"{name}.csv", rows)) for name, rows in made.items()]
    targets = ("--target", "risk=risk:regression", "--target", "ill=ill:binary")
    project.run("mtl-health", "new", "canary", *files, "--key", "person", *targets, check=False)
    params = project.folder / "params.yaml"
    head, mark, block = params.read_text().partition("\n  canary:\n")
    for old, new in SHORT:
        assert old in block, old
        block = block.replace(old, new, 1)
    params.write_text(f"lineage: {{file: lineage.ndjson}}\n{head}{mark}{block}")


def test_no_mark_is_outside_of_the_tables_that_hold_patients(
    make_project: Callable[[str], Project], tmp_path: Path
) -> None:
    project, source = make_project("canary"), random.Random(7)
    training, night, bad = (tables(first, source) for first in (0, 1000, 2000))
    study(project, tmp_path / "given", training)
    one = ["--study", "canary"]
    spoilt_night, flood = with_spoilt_rows(night), flooded(bad)
    drop(project, DATE, spoilt_night)
    cut = drop(project, BAD, bad) / "patients.csv"
    header, *rows = cut.read_text().splitlines()
    cut.write_text("\n".join([f"{header},{words('patients', 'header', 0)}", *rows[:50], f"{rows[50]},more", "torn"]))
    (cut.parent / f"{words('file', 'name', 0)}.csv").write_text(f"{words('file', 'content', 0)}\n1\n")
    drop(project, FLOOD, flood)
    drop(project, FAILING, tables(3000, source))
    person, rejected = night["patients"][0]["person"], night["patients"][7]["person"]
    module = project.folder / "flows" / "features" / "canary" / "__init__.py"

    said = run_all(
        project,
        ["check", "canary"],
        ["retrain", *one],
        ["retrain", *one],
        ["score", *one, "--date", DATE],
        ["score", *one, "--date", DATE, "--force"],
        ["score", *one, "--date", BAD],
        ["score", *one, "--date", FLOOD],
        ["tonight", *one, "--date", DATE],
        ["tonight", *one, "--date", FLOOD],
        ["explain-score", person, *one, "--date", DATE],
        ["explain-score", rejected, *one, "--date", DATE],
        ["explain-score", person, *one, "--date", BAD],
        ["validate", *one, "data/raw/canary"],
        ["validate", *one, "--scoring", f"data/inbox/canary/{BAD}"],
        ["validate", *one, "--scoring", f"data/inbox/canary/{FLOOD}"],
        ["report", *one],
        ["history", *one],
        ["champion", *one],
        ["contract", *one],
        ["upkeep", *one],
        ["doctor"],
    )
    code = [status for status, _, _ in said]
    expected = [0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0]
    assert code[:-1] == expected, json.dumps(said, indent=1)[:9000]
    whole = module.read_text()
    assert "labs" in whole
    module.write_text(f"{whole}\n\nraise ValueError({words('code', 'error', 0)!r})\n")
    said += run_all(project, ["score", *one, "--date", FAILING], ["check", "canary"])
    module.write_text(whole)
    write(project.folder / "data" / "raw" / "canary" / "labs.csv", flooded(training)["labs"])
    said += run_all(project, ["check", "canary"], ["retrain", *one])
    assert [status for status, _, _ in said[-4:]] == [1, 1, 1, 1], said[-4:]

    given = [rows for made in (training, spoilt_night, bad, flood, night) for rows in made.values()]
    marks = Marks(
        *given, [{"": words(*each, 0)} for each in (("patients", "header"), ("file", "name"), ("file", "content"))]
    )
    assert len(marks.texts) > 3 * PEOPLE * 5
    told = [(out, error) for _, out, error in said]
    assert not marks.in_text(json.dumps(told, ensure_ascii=False))
    found = dict(left(project.folder, marks, ["data/raw/heart/*", ".git/*"]))
    outside = {
        name: len(held) for name, held in found.items() if not any(fnmatch(name, each) for each in HOLDS_PATIENT_DATA)
    }
    assert outside == {}
    for name, held in found.items():
        if any(fnmatch(name, each) for each in KEYS_ONLY):
            assert held <= {row["person"] for rows in given for row in rows}, name
    events = [json.loads(line) for line in (project.folder / "lineage.ndjson").read_text().splitlines()]
    for event in events:
        check_event(event)
    kinds = [event["eventType"] for event in events]
    assert (kinds.count("START"), kinds.count("COMPLETE")) == (len(events) / 2, 3)
    # the search finds what is there
    assert {"data/raw/canary/patients.csv", f"data/inbox/canary/{DATE}/labs.csv"} <= set(found)
    assert any(name.startswith("data/tables/canary/rejects/") for name in found)
    assert not (project.folder / "data" / "staging" / "canary").exists() or not list(
        (project.folder / "data" / "staging" / "canary").glob("[!.]*")
    )
    shutil.rmtree(project.folder)
