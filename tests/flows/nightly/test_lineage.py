"""OpenLineage events: of the standard's form, to a file or over HTTP, and never in a night's way."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest

from flows.nightly.lineage import told
from flows.project.dates import check_date
from flows.project.lineage import LineageSettings, parse_lineage
from flows.stores.tables import ScoreTable
from flows.study.study import Study
from mtl_models.wording import SettingsError
from tests.support import ROOT

ROW = {
    "flow": "score",
    "batch": "2026-11-20",
    "model_version": "m" * 64,
    "data_hashes": json.dumps({"cleveland.csv": "a" * 64, "other 1": "b" * 64}),
    "n_scored": 3,
    "unchanged": False,
}


def check_event(event: dict[str, Any]) -> None:
    """What the standard asks of a RunEvent, version 2-0-2, and of every facet."""
    assert set(event) == {"eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"}
    assert event["eventType"] in ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
    assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    assert urlsplit(event["producer"]).scheme
    uuid.UUID(event["run"]["runId"])
    assert event["job"]["namespace"]
    assert event["job"]["name"]
    facets = [*event["run"]["facets"].values(), *event["job"]["facets"].values()]
    for dataset in (*event["inputs"], *event["outputs"]):
        assert dataset["namespace"]
        assert dataset["name"]
        facets += dataset["facets"].values()
        facets += dataset.get("outputFacets", {}).values()
    for facet in facets:
        assert facet["_producer"] == event["producer"]
        assert re.fullmatch(
            r"https://openlineage\.io/spec/facets/\d+-\d+-\d+/(\w+)\.json#/\$defs/\1", facet["_schemaURL"]
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the heart study and a score table."""
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "presets").symlink_to(ROOT / "presets")
    monkeypatch.setenv("MTL_HEALTH_ROOT", str(tmp_path))
    scores = ScoreTable(Study(tmp_path, "heart").published)
    day = pl.Series("score_date", ["2026-11-20"]).str.to_date()
    scores.replace("2026-11-20", pl.DataFrame({"person_id": ["secret"], "score_date": day}))
    return tmp_path


def name_sink(project: Path, block: str) -> None:
    params = project / "params.yaml"
    params.write_text(f"lineage: {block}\n{params.read_text()}")


@told("score")
def scoring(study: str, first: Callable[[], object] = dict) -> dict[str, Any]:
    first()
    return ROW


def interrupted() -> None:
    raise KeyboardInterrupt


def test_without_a_sink_nothing_is_told(project: Path) -> None:
    assert scoring("heart") == ROW
    assert {each.name for each in project.iterdir()} == {"params.yaml", "dvc.yaml", "data", "presets"}


def test_a_run_tells_what_it_read_and_wrote(project: Path) -> None:
    name_sink(project, "{file: lineage/events.ndjson, namespace: ward}")
    assert scoring(study="heart") == ROW
    with pytest.raises(ValueError, match="is not a date"):
        scoring("heart", lambda: check_date("tomorrow"))
    with pytest.raises(KeyboardInterrupt):
        scoring("heart", interrupted)
    events = [json.loads(line) for line in (project / "lineage" / "events.ndjson").read_text().splitlines()]
    for event in events:
        check_event(event)
    kinds = [event["eventType"] for event in events]
    assert kinds == ["START", "COMPLETE", "START", "FAIL", "START", "ABORT"]
    ids = [event["run"]["runId"] for event in events]
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == 3
    done, failed = events[1], events[3]
    assert (done["job"]["namespace"], done["job"]["name"]) == ("ward", "heart.score")
    read = {each["name"]: each["facets"]["version"]["datasetVersion"] for each in done["inputs"]}
    data = project / "data"
    assert read == {f"{data}/inbox/heart/cleveland": "a" * 64, f"{data}/registry/heart/model": "m" * 64}
    (scores,) = done["outputs"]
    assert scores["name"] == f"{data}/tables/heart/scores"
    assert scores["facets"]["version"]["datasetVersion"] == "0"
    assert scores["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert scores["facets"]["schema"]["fields"][1] == {"name": "score_date", "type": "Date"}
    assert failed["run"]["facets"]["errorMessage"]["message"] == "'tomorrow' is not a date like 2026-11-20"
    assert "secret" not in json.dumps(events)


def test_an_error_that_may_hold_values_is_told_by_its_kind(project: Path) -> None:
    name_sink(project, "{file: events.ndjson}")

    @told("score")
    def failing(study: str) -> dict[str, Any]:
        return {"n": pl.Series(["4711.5"]).cast(pl.Int64)}

    with pytest.raises(pl.exceptions.InvalidOperationError):
        failing("heart")
    said = (project / "events.ndjson").read_text()
    assert "unexpected InvalidOperationError" in said
    assert "4711" not in said


@contextmanager
def receiver(status: int = 201, *, answers: bool = True) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """A server of this machine that keeps what is posted to it."""
    kept: list[tuple[str, dict[str, Any]]] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not answers:
                done.wait(20)
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.append((self.headers.get("Authorization", ""), json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/lineage", kept
    finally:
        done.set()
        server.shutdown()
        server.server_close()
        thread.join()


def test_events_go_over_http_with_a_token(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_TOKEN", "open sesame")
    with receiver() as (url, kept):
        name_sink(project, f"{{url: '{url}', token: LINEAGE_TOKEN}}")
        assert scoring("heart") == ROW
    assert [token for token, _ in kept] == ["Bearer open sesame"] * 2
    for _, event in kept:
        check_event(event)


@pytest.mark.parametrize("answer", ["none", "500", "closed", "no folder"])
def test_a_sink_that_fails_is_one_line_and_the_run_goes_on(
    answer: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiver(500, answers=answer != "none") as (url, _):
        address = "http://127.0.0.1:9/" if answer == "closed" else url
        folder = "{file: params.yaml/events.ndjson}"
        name_sink(project, folder if answer == "no folder" else f"{{url: '{address}', timeout_s: 0.2}}")
        assert scoring("heart") == ROW
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"the lineage event START did not reach \S+ \([\w ]+\); the run goes on", lines[0])


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({}, "events have one sink"),
        ({"file": "a", "url": "http://a/"}, "events have one sink"),
        ({"url": "a/b"}, "must be an address"),
        ({"url": "http://me:secret@host/"}, "holds no credentials"),
        ({"fil": "a"}, "fil"),
    ],
)
def test_a_block_that_is_wrong_is_said(block: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as error:
        parse_lineage(block, "params.yaml")
    assert "secret" not in str(error.value)


def test_no_block_is_no_sink() -> None:
    assert parse_lineage(None, "params.yaml") is None
    assert parse_lineage({"file": "a"}, "params.yaml") == LineageSettings(file="a")
