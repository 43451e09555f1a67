"""A served checkout: its schedules fire, it is told from another's, and what is told to end leaves nothing running."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import yaml

from flows.project.server import Server
from tests.flows.support import drop_of, table
from tests.support import NIGHT, Project, running_with, serve_at

pytestmark = pytest.mark.slow


def test_the_schedule_fires_by_itself(nightly: Project) -> None:
    """With a cron line of every minute, a served deployment scores the day of its start, and stops when told to."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    if today != NIGHT:  # midnight has passed since the tests began
        drop_of(nightly, today)
    drop = nightly.folder / "data" / "inbox" / "heart" / today / "cleveland.csv"
    drop.write_bytes(drop.read_bytes().replace(b"\n", b"\r\n"))  # other bytes, so another run; the same people
    params = nightly.folder / "params.yaml"
    before = params.read_text()
    ledger = set(table(nightly, "runs")["run_id"])
    content = yaml.safe_load(before)
    content["studies"] = {"heart": content["studies"]["heart"]}
    content["studies"]["heart"]["schedule"] = {"retrain": "0 0 1 1 *", "score": "* * * * *", "timezone": "UTC"}
    params.write_text(yaml.safe_dump(content))
    port = nightly.environment["PREFECT_API_URL"].split(":")[2].split("/")[0]
    environment = {**nightly.environment, "PREFECT_SERVER_API_PORT": port}
    with (nightly.folder / "serve.log").open("w") as log:
        served = subprocess.Popen(
            [sys.executable, "-m", "flows.schedule.serve"], cwd=nightly.folder, env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline and set(table(nightly, "runs")["run_id"]) == ledger:
            time.sleep(1)
    finally:
        params.write_text(before)
        served.terminate()
        served.wait(timeout=60)
    fired = table(nightly, "runs").filter(~pl.col("run_id").is_in(list(ledger)))
    assert fired["flow"].to_list() == ["score"], (nightly.folder / "serve.log").read_text()[-2000:]
    assert fired["batch"][0] == today
    assert table(nightly, "scores").filter(pl.col("run_id") == fired["run_id"][0]).height == 121


def test_another_checkout_does_not_serve_with_this_ones_server(nightly: Project, tmp_path: Path) -> None:
    server = Server(int(nightly.environment["PREFECT_API_URL"].split(":")[2].split("/")[0]))
    assert server.healthy()
    server.require_own(nightly.folder / ".prefect")
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    done = serve_at(tmp_path, server.port, http_proxy="http://127.0.0.1:9", all_proxy="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "not this checkout's" in done.stderr
    assert "PREFECT_SERVER_API_PORT=4300 make serve" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_retraining_that_is_told_to_end_leaves_nothing_running(nightly: Project) -> None:
    """Neither Prefect's temporary server nor DVC and its stage; a proxy that leads nowhere disturbs none of them."""
    gate = nightly.folder / "flows" / "nightly" / "gate.py"
    source = gate.read_text()
    gate.write_text(f"{source}# another gate judges anew\n")
    environment = {**nightly.environment, "MARK": "of this test", "http_proxy": "http://127.0.0.1:9"}
    del environment["PREFECT_API_URL"]
    command = [sys.executable, "-m", "flows.cli", "retrain", "--study", "heart"]
    retrain = subprocess.Popen(
        command, cwd=nightly.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline and not any("dvc" in words for words in running_with(b"MARK=of this test")):
        assert retrain.poll() is None
        time.sleep(0.05)
    assert any("uvicorn" in words for words in running_with(b"MARK=of this test"))
    retrain.terminate()
    retrain.communicate(timeout=60)
    gate.write_text(source)
    assert retrain.returncode == 128 + signal.SIGTERM
    deadline = time.monotonic() + 20  # the keeper looks around once more
    while (left := running_with(b"MARK=of this test")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
