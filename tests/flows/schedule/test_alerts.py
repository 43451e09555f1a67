"""A real receiver is told of a night once: of its refusal, and of its recovery; automations follow params.yaml."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import polars as pl
import pytest

from flows.doctor.examine import examine
from flows.project.server import ask
from flows.schedule.alerts import made_block
from tests.flows.support import drop_of
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow

DATE = "2026-11-20"
STEPS = """
import contextlib, datetime as dt, io, json, os, shutil, sys, time
from flows.project.environment import prepare
from flows.project.paths import project_root
root = project_root()
prepare(root)
from prefect.client.orchestration import get_client
from flows.cli.start import main
from flows.nightly.alerts.stale import tell_of_tables
from flows.project.server import ask
from flows.schedule.deployments import said_of_alerts

def alerts(block):
    params = root / "params.yaml"
    params.write_text(params.read_text().partition("\\nalerts:")[0] + (f"\\nalerts: {block}" if block else ""))
    os.utime(params, ns=(len(found), len(found)))
    said = said_of_alerts(root)
    with get_client(sync_client=True) as client:
        ours = [each for each in client.read_automations() if each.name.startswith("mtl-health: ")]
        blocks = [each.name for each in client.read_block_documents() if (each.name or "").startswith("mtl-health-")]
    return said, {each.name: [str(each.id), each.model_dump_json()] for each in ours}, sorted(blocks)

def command(*arguments):
    sys.argv = ["mtl-health", *arguments]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            main()
        except SystemExit as end:
            return end.code
    return 0

def look(*days):
    for each in days:
        tell_of_tables(root, "", dt.datetime.now(dt.UTC) + dt.timedelta(days=each))

def sent(number):
    # an automation that is removed sends nothing any more
    kind = {"filter": {"event": {"prefix": ["prefect.automation.action.executed"]}}}
    deadline = time.monotonic() + 30
    while ask(os.environ["PREFECT_API_URL"], "events/filter", kind)["total"] < number and time.monotonic() < deadline:
        time.sleep(0.2)

found, steps = [], {"alerts": alerts, "command": command, "look": look, "sent": sent, "copy": shutil.copyfile}
for name, *given in json.loads(sys.argv[1]):
    found.append(steps[name](*given))
print("\\n" + json.dumps(found, default=str))
"""
TWO = "{to: {on-call: {url_from: ON_CALL_URL}, ward: {url_from: WARD_URL}}, kinds: [refusal, recovered, missed]}"
INVOKE = "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig="
ONE = "{to: {on-call: {url_from: ON_CALL_URL}}, kinds: [refusal, recovered, stale]}"


@contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook of this machine, and what it was sent."""
    got: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/on-call", got
    finally:
        server.shutdown()
        server.server_close()


def wait_for(got: list[dict[str, Any]], number: int) -> None:
    deadline = time.monotonic() + 30
    while len(got) < number and time.monotonic() < deadline:
        time.sleep(0.2)


def test_a_night_that_is_refused_and_mended_is_told_once_each(nightly: Project, tmp_path: Path) -> None:
    params = nightly.folder / "params.yaml"
    before, drop = params.read_text(), drop_of(nightly, DATE)
    (drop / "_SUCCESS").touch()  # nobody copies it any more
    table, sound, cut = drop / "cleveland.csv", tmp_path / "sound.csv", tmp_path / "cut.csv"
    sound.write_bytes(table.read_bytes())
    cut.write_bytes(table.read_bytes().rstrip(b"\n")[:-5])
    score = ["command", "score", "--study", "heart", "--date", DATE]
    steps = [
        *(["alerts", block] for block in ("", TWO, TWO, ONE)),
        ["copy", str(cut), str(table)],
        *(score, score),
        ["copy", str(sound), str(table)],
        *(score, [*score, "--force"]),
        ["look", 0, 5, 5, 0],
        ["sent", 4],
        ["alerts", ""],
    ]
    with receiver() as (url, got):
        nightly.environment |= {"ON_CALL_URL": url, "WARD_URL": f"{url}/ward"}
        try:
            done = nightly.run(sys.executable, "-c", STEPS, json.dumps(steps))
            wait_for(got, 4)
        finally:
            params.write_text(before)
            shutil.rmtree(drop)
            del nightly.environment["ON_CALL_URL"], nightly.environment["WARD_URL"]
    none, first, second, fewer, _, *codes, gone = json.loads(done.stdout.splitlines()[-1])
    assert [code for code in codes if isinstance(code, int)] == [1, 1, 0, 0]
    assert [message["kind"] for message in got] == ["refusal", "recovered", "stale", "recovered"]
    told, mended, stale, fresh = got
    assert (stale["subject"], stale["next"]) == ("heart: the scores are stale", "mtl-health doctor heart")
    assert fresh["subject"] == f"heart: the scores are fresh again, the newest of {NIGHT}"
    assert told["subject"] == f"heart: the night of {DATE} was not scored, its drop is refused"
    assert "cleveland" in told["cause"]
    assert told["next"] == f"mtl-health validate --study heart --scoring data/inbox/heart/{DATE}"
    assert mended["subject"] == f"heart: the night of {DATE} is scored again"
    for message in (told, mended):
        number = message["link"].rpartition("/")[2]
        assert ask(nightly.environment["PREFECT_API_URL"], f"flow_runs/{number}")["name"] == f"heart {DATE}"

    assert none == [["alerts: nobody is told of a night, for params.yaml has no `alerts` (docs/operations.md)"], {}, []]
    assert set(first[1]) == {f"mtl-health: {kind}" for kind in ("refusal", "recovered", "missed", "cancelled")}
    assert first[2] == ["mtl-health-on-call", "mtl-health-ward"]
    assert second[1:] == first[1:]  # the same automations, not new ones
    assert set(fewer[1]) == {f"mtl-health: {kind}" for kind in ("refusal", "recovered", "stale")}
    assert fewer[1]["mtl-health: refusal"][0] == first[1]["mtl-health: refusal"][0]
    assert fewer[1]["mtl-health: refusal"][1] != first[1]["mtl-health: refusal"][1]
    assert fewer[2] == ["mtl-health-on-call"]
    assert gone[1:] == [{}, []]
    assert all(url not in json.dumps(each) for each in (first, fewer))  # it is a secret


@pytest.mark.parametrize(
    ("kind", "url", "is_taken"),
    [
        ("webhook", "http://127.0.0.1:1/on-call", True),
        ("webhook", "ftp://127.0.0.1/on-call", False),
        ("slack", "https://hooks.slack.com/services/T1234ABCD/B1234ABCD/abcdefghijklmnopqrstuvwx", True),
        ("slack", "https://example.org/on-call", False),
        ("teams", f"https://prod-01.westeurope.logic.azure.com:443/workflows/{'a' * 32}{INVOKE}{'b' * 43}", True),
        ("teams", f"https://some.webhook.office.com/webhookb2/1@2/IncomingWebhook/{'c' * 32}/3", False),
    ],
)
def test_a_url_that_reaches_nobody_is_not_taken(kind: str, url: str, *, is_taken: bool) -> None:
    assert (made_block(kind, url) is not None) == is_taken


@pytest.mark.long
def test_a_gate_that_says_no_and_inputs_that_drift_are_told(copy_night: Callable[[str], Project]) -> None:
    project = copy_night("told")
    params, inbox = project.folder / "params.yaml", project.folder / "data" / "inbox" / "heart"
    recipe, floor = "epochs: 8\n", "disease: {auroc: 0.6}"  # of heart alone
    assert [params.read_text().count(each) for each in (recipe, floor)] == [1, 1]
    params.write_text(params.read_text().replace(recipe, "epochs: 7\n").replace(floor, "disease: {auroc: 0.999}"))
    raw = pl.read_csv(project.folder / "data/raw/heart/cleveland.csv", infer_schema=False).drop("thal", "target")
    lower = (pl.col("chol").cast(pl.Float64) * 0.6).round(0).cast(pl.Int64).cast(pl.String)
    days = [(dt.date.fromisoformat(NIGHT) + dt.timedelta(days=more)).isoformat() for more in (1, 2)]
    for first, day in enumerate(days, 7):
        (inbox / day).mkdir()
        keys = pl.format("{}{}", pl.lit(str(first)), pl.col("id").str.zfill(3)).alias("id")
        raw.with_columns(keys, lower).write_csv(inbox / day / "cleveland.csv")
    steps = [
        ["alerts", "{to: {on-call: {url_from: ON_CALL_URL}}, kinds: [gate, drift]}"],
        ["command", "retrain", "--study", "heart"],
        *(["command", "score", "--study", "heart", "--date", day] for day in days),
        ["sent", 3],
    ]
    with receiver() as (url, got):
        project.environment["ON_CALL_URL"] = url
        with project.server() as server:
            done = project.run(sys.executable, "-c", STEPS, json.dumps(steps))
            wait_for(got, 3)
            codes = [each for each in json.loads(done.stdout.splitlines()[-1]) if isinstance(each, int)]
            assert codes == [0, 0, 0], codes
            runs = {each["link"]: ask(server, f"flow_runs/{each['link'].rpartition('/')[2]}")["name"] for each in got}
    gate = next(each for each in got if each["kind"] == "gate")
    assert gate["subject"] == "heart: the new model does not replace the champion"
    assert "AUROC of disease" in gate["cause"]
    assert gate["next"] == "mtl-health report --study heart"
    drift = [each for each in got if each["kind"] == "drift"]
    inputs = next(each for each in drift if each["subject"] == f"heart: inputs of {days[1]} are in alarm")
    assert "laboratory__chol is the farthest" in inputs["cause"]
    assert inputs["next"] == f"mtl-health watch heart --date {days[1]}"
    assert runs[inputs["link"]] == f"heart {days[1]}"


def test_the_doctor_names_schedules_that_are_not_those_of_params(
    nightly: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = nightly.environment["PREFECT_API_URL"]
    monkeypatch.setenv("PREFECT_API_URL", url)
    monkeypatch.setenv("PREFECT_HOME", str(nightly.folder / ".prefect"))

    def deploy(flow: str, cron: str, **rest: Any) -> None:
        schedule = {"active": True, "schedule": {"cron": cron, "timezone": "UTC"}}
        body = {"name": f"{flow}-heart", "flow_id": ask(url, "flows/", {"name": flow})["id"], "schedules": [schedule]}
        assert ask(url, "deployments/", {**body, **rest}) is not None

    def named() -> list[str]:
        return [each.words for check, each in examine(nightly.folder, "heart") if check == "schedules" and each.next]

    deploy("retrain", "30 1 * * *", paused=True)
    deploy("score", "30 7 * * *")
    assert named()[:2] == [
        "retrain-heart is paused",
        "score-heart is scheduled for 30 7 * * * UTC, params.yaml says 30 4 * * * UTC",
    ]
    for each in ask(url, "deployments/filter", {}):
        request = Request(f"{url}/deployments/{each['id']}", method="DELETE")
        urlopen(request).close()
    assert named()[:2] == ["retrain-heart is not scheduled", "score-heart is not scheduled"]
