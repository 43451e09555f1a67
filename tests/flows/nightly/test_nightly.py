"""Whole nights on the heart study, by the commands that a user types: nothing lost, nothing twice, nothing told."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from deltalake import DeltaTable

from flows.nightly import steps, stopped
from flows.nightly.run import finished, open_run
from flows.project.hashing import sha256
from flows.project.paths import replace_file
from flows.project.settings import ValidationSettings
from flows.schedule.server import Server
from flows.stores.delta import read_delta
from flows.stores.registry import PROFILE
from flows.stores.store import STORES
from flows.stores.tables import RejectTable, RunLedger, ScoreTable
from flows.study.study import Study
from tests.support import NIGHT, Project, readable, running_with, serve_at

CASES = Path(__file__).parents[2] / "cases" / "heart"

pytestmark = pytest.mark.slow


def table(project: Project, name: str) -> pl.DataFrame:
    return read_delta(project.folder / "data" / "tables" / "heart" / name)


def version(project: Project, name: str) -> int:
    return DeltaTable(str(project.folder / "data" / "tables" / "heart" / name)).version()


def outputs(lock: Path) -> dict[str, str]:
    """Path to hash of everything that DVC made."""
    stages = yaml.safe_load(lock.read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def drop_of(project: Project, date: str) -> Path:
    """A second drop, the same people, to be spoilt by a test."""
    inbox = project.folder / "data" / "inbox" / "heart"
    shutil.copytree(inbox / NIGHT, inbox / date)
    return inbox / date


def test_everybody_is_scored_rejected_or_excluded(nightly: Project) -> None:
    scores, run = table(nightly, "scores"), table(nightly, "runs").filter(pl.col("flow") == "score").row(0, named=True)
    assert run["n_people"] == run["n_scored"] + run["n_rejected"] + run["n_excluded"] == 61
    assert run["n_rows"] == run["n_rows_valid"] + run["n_rows_rejected"]
    assert scores.height == run["n_scored"]
    assert scores["person_id"].is_unique().all()
    assert scores["score_date"].unique().to_list() == [NIGHT]
    champion = nightly.folder / "data" / "registry" / "heart" / "versions" / run["model_version"] / "model.onnx"
    assert sha256(champion) == run["model_version"] == scores["model_version"][0]
    assert scores["thal"].is_in(["normal", "fixed defect", "reversible defect"]).all()
    thal = scores.select(pl.sum_horizontal(pl.selectors.starts_with("thal__p_")))
    assert thal.to_series().to_list() == pytest.approx([1.0] * 61, abs=1e-5)
    assert (scores["disease"] == (scores["disease__p"] >= 0.5).cast(pl.Int8)).all()


def test_scores_are_those_of_the_torch_network(nightly: Project) -> None:
    """What stands in the table is what the trained network says of the same people."""
    import torch

    from mtl_models.data.dataset import PERSON, FeatureSpec, to_matrices
    from mtl_models.network.checkpoint import load_network
    from mtl_models.training.prediction import predict

    folder = nightly.folder
    torch.set_num_threads(1)
    network = load_network(folder / "models" / "heart" / "network.safetensors")
    features = pl.read_parquet(folder / "data" / "features" / "heart" / "features.parquet")
    scores = table(nightly, "scores")
    people = scores.select("person_id").join(features, on=PERSON, how="left", maintain_order="left")
    spec = FeatureSpec.from_json((folder / "data" / "features" / "heart" / "features.json").read_text())
    expected = predict(network, to_matrices(people, spec))["disease"][:, 0]
    assert scores["disease__p"].to_list() == pytest.approx(expected.tolist(), abs=1e-5)


def test_scoring_again_changes_nothing(nightly: Project) -> None:
    before = {name: version(nightly, name) for name in ("scores", "rejects", "runs")}
    said = nightly.run("mtl-health", "score", "--study", "heart", "--date", NIGHT).stdout
    assert "nothing had changed" in said
    assert re.search(r"recorded by +127\.0\.0\.1:\d+", said)
    assert {name: version(nightly, name) for name in before} == before


def test_forcing_replaces_and_never_appends(nightly: Project) -> None:
    before = table(nightly, "scores").drop("scored_at")
    nightly.run("mtl-health", "score", "--study", "heart", "--date", NIGHT, "--force")
    assert table(nightly, "scores").drop("scored_at").equals(before)
    assert table(nightly, "runs").filter(pl.col("flow") == "score").height == 1


def test_retraining_without_a_change_keeps_the_champion(nightly: Project) -> None:
    lock = (nightly.folder / "dvc.lock").read_bytes()
    said = nightly.run("mtl-health", "retrain", "--study", "heart").stdout
    assert "already the champion" in said
    assert (nightly.folder / "dvc.lock").read_bytes() == lock
    assert version(nightly, "champions") == 0


def test_another_folder_gives_the_same_bytes(nightly: Project, make_project: Any) -> None:
    """Every output of every stage, from raw tables to the page, in a folder of another name and depth."""
    other = make_project("elsewhere")
    other.run("dvc", "repro", "evaluate@heart", "export@heart")
    first, second = (outputs(project.folder / "dvc.lock") for project in (nightly, other))
    assert len(second) == 22
    assert first == second
    assert "up to date" in other.run("dvc", "repro", "evaluate@heart", "export@heart").stdout


def test_what_decides_no_result_makes_no_stage_stale(nightly: Project) -> None:
    """A new preset and a new study, words of a joint method and of the settings: the trained study stays as it is."""
    folder, targets = nightly.folder, ("evaluate@heart", "export@heart")

    def status() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(nightly.run("dvc", "status", "--with-deps", "--json", *targets).stdout)
        return found

    assert status() == {}
    preset = folder / "presets" / "new.yaml"
    packages = [folder / place / "framingham" for place in ("schemas", "flows/features")]
    edited = ("mtl_models/joint/clustered.py", "flows/project/settings.py", "flows/features/heart/__init__.py")
    before = {name: (folder / name).read_text() for name in edited}
    try:
        preset.write_text((folder / "presets/shared_32_64.yaml").read_text())
        for package in packages:
            package.mkdir()
            (package / "__init__.py").write_text('"""A study to come."""\n')
        for name, text in before.items():
            (folder / name).write_text(f"{text}\n# a word\n")
        assert set(status()) == {"settings@heart", "features@heart"}
        done = nightly.run("dvc", "repro", *targets).stdout
        ran = set(re.findall(r"Running stage '(\w+@heart)'", done))
        assert ran == {"settings@heart", "features@heart"}  # the same settings and features came out
    finally:
        for name, text in before.items():
            (folder / name).write_text(text)
        preset.unlink()
        for package in packages:
            shutil.rmtree(package)
        nightly.run("dvc", "repro", *targets)


def test_dvc_shows_the_metrics(nightly: Project) -> None:
    shown = json.loads(nightly.run("dvc", "metrics", "show", "--json").stdout)
    metrics = shown[""]["data"][os.path.join("reports", "heart", "metrics.json")]["data"]
    assert 0.5 < metrics["multi_task"]["disease"] < 0.95


def test_a_rejected_person_is_kept_with_every_reason_and_no_value_is_told(nightly: Project) -> None:
    drop = drop_of(nightly, "2026-01-02") / "cleveland.csv"
    lines = drop.read_text().splitlines()
    header, row = lines[0].split(","), lines[7].split(",")
    row[header.index("age")], row[header.index("sex")], row[header.index("chol")] = "4711.5", "hermit", "98765.25"
    lines[7] = ",".join(row)
    drop.write_text("\n".join(lines) + "\n")
    done = nightly.run("mtl-health", "score", "--study", "heart", "--date", "2026-01-02")
    rejects = table(nightly, "rejects").filter(pl.col("batch") == "2026-01-02")
    assert rejects.height == 1
    reject = rejects.row(0, named=True)
    assert (reject["table"], reject["file"], reject["line"]) == ("cleveland", "cleveland.csv", 8)
    assert reject["person_id"] == row[0]
    assert {reason["column"] for reason in reject["reasons"]} >= {"age", "sex"}
    assert json.loads(reject["row"])["chol"] == "98765.25"
    assert table(nightly, "scores").filter(pl.col("score_date") == "2026-01-02").height == 60
    run = table(nightly, "runs").filter(pl.col("batch") == "2026-01-02").row(0, named=True)
    assert (run["n_people"], run["n_scored"], run["n_rejected"], run["n_excluded"]) == (61, 60, 1, 0)
    told = done.stdout + done.stderr + run["details"]
    state = b"".join(path.read_bytes() for path in (nightly.folder / ".prefect").rglob("*") if path.is_file())
    for value in ("4711.5", "hermit", "98765.25"):
        assert value not in told
        assert value.encode() not in state


def refused_values(table: Path) -> str:
    """How Polars lists the blood pressures of a table that do not fit into eight bits."""
    with pytest.raises(pl.exceptions.InvalidOperationError) as error:
        pl.read_csv(table).select(pl.col("trestbps").cast(pl.Int8))
    found = re.search(r"\[\d{3}, \d{3}, ", str(error.value))
    assert found
    return found.group()


def stored_text(project: Project) -> str:
    """All that Prefect keeps; errors lie there pickled and in base 64 beside their text."""
    state = b"".join(path.read_bytes() for path in (project.folder / ".prefect").rglob("*") if path.is_file())
    coded = re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", state.replace(b"\\n", b""))
    decoded = [base64.b64decode(each[: len(each) // 4 * 4]) for each in coded]
    return b"".join([state, *decoded]).decode(errors="replace")


def test_a_feature_function_that_fails_tells_no_value(nightly: Project) -> None:
    """Polars' own text lists the values that did not fit: on no terminal, and nowhere in Prefect's database."""
    drop = drop_of(nightly, "2026-01-06")
    values = [refused_values(folder / "cleveland.csv") for folder in (drop, nightly.folder / "data" / "raw" / "heart")]
    module = nightly.folder / "flows" / "features" / "heart" / "__init__.py"
    source = module.read_text()
    module.write_text(source.replace('"trestbps", "restecg"', 'pl.col("trestbps").cast(pl.Int8), "restecg"'))
    try:
        night = nightly.run("mtl-health", "score", "--study", "heart", "--date", "2026-01-06", check=False)
        stage = nightly.run(sys.executable, "-m", "flows.stages.features", "heart", check=False)
        again = nightly.run("mtl-health", "retrain", "--study", "heart", check=False)
    finally:
        module.write_text(source)
        shutil.rmtree(drop)
    told = [done.stdout + done.stderr for done in (night, stage, again)]
    assert [done.returncode for done in (night, stage, again)] == [1, 1, 1]
    for text in (*told, stored_text(nightly)):
        assert "(examination) fails with InvalidOperationError at column trestbps" in text
        assert not any(each in text for each in ("conversion from", *values))
    assert "Traceback" not in "".join(told)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.unlink(), "cleveland"),
        (lambda path: path.write_bytes(b""), "cleveland.csv"),
        (lambda path: path.write_bytes(path.read_text().encode("utf-16")), "cleveland.csv"),
        (
            lambda path: path.write_text(re.sub(r"(?m)$(?=\n)", ",9", path.read_text()).replace(",9", ",extra", 1)),
            "column number 13 is not in the contract",
        ),
        (lambda path: path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n"), "cleveland.csv"),
        (lambda path: path.write_text(re.sub(r"(?m)^(\d+),\d+", r"\1,", path.read_text())), "rejected"),
    ],
    ids=["missing", "empty", "encoding", "extra column", "duplicate key", "too many rejects"],
)
def test_a_bad_drop_is_one_sentence_and_the_table_stays(nightly: Project, spoil: Any, sentence: str) -> None:
    before = version(nightly, "scores")
    drop = drop_of(nightly, "2026-01-03")
    try:
        spoil(drop / "cleveland.csv")
        (drop / "note.txt").write_text("so that the folder is not empty")
        done = nightly.run("mtl-health", "score", "--study", "heart", "--date", "2026-01-03", check=False)
    finally:
        shutil.rmtree(drop)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("error:")]) == 1
    assert sentence in done.stderr
    assert version(nightly, "scores") == before


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


SCORING = """
import sys; from pathlib import Path; from flows.nightly import steps
from flows.nightly.run import open_run; from flows.study.study import Study
root = Path(sys.argv[1]); print("ready", flush=True)
while True:
    run = open_run(Study(root, "heart"), sys.argv[2])
    steps.validate_drop(run); steps.build_drop_features(run); steps.predict_drop(run); steps.publish(run)
"""


@pytest.mark.parametrize("delay", [0.1, 0.35, 0.7])
def test_a_killed_run_leaves_the_last_good_table(nightly: Project, delay: float) -> None:
    before = table(nightly, "scores").filter(pl.col("score_date") == NIGHT).drop("scored_at")
    command = [sys.executable, "-c", SCORING, str(nightly.folder), NIGHT]
    worker = subprocess.Popen(command, env=nightly.environment, cwd=nightly.folder, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(delay)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    assert table(nightly, "scores").filter(pl.col("score_date") == NIGHT).drop("scored_at").equals(before)
    nightly.run("mtl-health", "score", "--study", "heart", "--date", NIGHT)
    assert table(nightly, "scores").filter(pl.col("score_date") == NIGHT).drop("scored_at").equals(before)


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


def test_scores_that_break_their_contract_leave_every_table_as_it_was(nightly: Project) -> None:
    """The rejects are not replaced either: all is checked before anything is written."""
    from schemas.published import PublishError

    before = {name: version(nightly, name) for name in ("scores", "rejects", "runs")}
    run = open_run(Study(nightly.folder, "heart"), NIGHT)
    steps.validate_drop(run)
    steps.build_drop_features(run)
    steps.predict_drop(run)
    staged = run.staging / steps.SCORES
    pl.read_parquet(staged).with_columns(pl.lit(1.5).alias("disease__p")).write_parquet(staged)
    with pytest.raises(PublishError, match="disease__p"):
        steps.publish(run)
    assert {name: version(nightly, name) for name in before} == before


class ParquetFolder:
    """A sink as somebody might add one: a folder of Parquet files, one a partition."""

    def __init__(self, folder: Path, partition: str, *, shared: bool = False) -> None:
        self.folder, self.partition = folder, partition

    def exists(self) -> bool:
        return any(self.folder.glob("*.parquet"))

    def read(self, value: str | None = None) -> pl.DataFrame:
        files = sorted(self.folder.glob("*.parquet")) if value is None else [self.folder / f"{value}.parquet"]
        return pl.concat(pl.read_parquet(file) for file in files if file.is_file() or value is None)

    def replace(self, value: str, frame: pl.DataFrame) -> None:
        replace_file(self.folder / f"{value or 'whole'}.parquet", frame.write_parquet)

    def remove(self, value: str) -> None:
        (self.folder / f"{value}.parquet").unlink(missing_ok=True)

    def conflicts(self, schema: pl.Schema) -> list[str]:
        return []


def test_a_sink_of_ones_own_is_a_class_and_a_line_in_the_registry(
    nightly: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same night in another kind of store, champion, scores, rejects and run: the same scores stand there."""
    monkeypatch.setitem(STORES, "parquet", ParquetFolder)
    study, date = Study(nightly.folder, "heart"), "2026-03-01"
    champion, folder = study.registry.require_champion("heart"), drop_of(nightly, date)
    other = study.with_settings(study.settings.model_copy(update={"store": "parquet"}))
    kept = [other.tables.scores.folder, other.tables.rejects.folder, other.tables.runs.folder]
    moved = [path.with_name(f"{path.name}-delta") for path in (*kept, other.registry.history.folder)]
    for path in moved:
        path.with_name(path.name.removesuffix("-delta")).rename(path)
    try:
        assert other.registry.champion() is None
        other.registry.promote(champion.version, "first in this store", {})
        run = open_run(other, date)
        steps.validate_drop(run)
        steps.build_drop_features(run)
        steps.predict_drop(run)
        row = steps.publish(run)
        assert finished(run) == row
        assert [each.name for each in kept[0].iterdir()] == [f"{date}.parquet"]
        found = other.tables.scores.read(date).drop("score_date", "run_id", "scored_at")
    finally:
        for path in moved:
            shutil.rmtree(path.with_name(path.name.removesuffix("-delta")), ignore_errors=True)
            path.rename(path.with_name(path.name.removesuffix("-delta")))
        shutil.rmtree(folder)
        shutil.rmtree(run.staging, ignore_errors=True)
    assert found.equals(study.tables.scores.read(NIGHT).drop("score_date", "run_id", "scored_at"))


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
    assert table(nightly, "scores").filter(pl.col("run_id") == fired["run_id"][0]).height == 61


def test_others_read_no_health_data(nightly: Project) -> None:
    found = {
        name for name in readable(nightly.folder, 0o004) if name.startswith(("data/", "models/", ".prefect/", ".dvc/"))
    }
    assert found <= set(nightly.run("git", "ls-files", "-z").stdout.split("\0"))
    assert not list((nightly.folder / "data" / "staging" / "heart").glob("[!.]*"))


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
    assert retrain.returncode == 128 + signal.SIGTERM
    deadline = time.monotonic() + 20  # the keeper looks around once more
    while (left := running_with(b"MARK=of this test")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def test_a_night_that_is_stopped_then_mended_then_said(nightly: Project) -> None:
    study, date = Study(nightly.folder, "heart"), "2026-02-01"
    paths, settings = study.paths, study.settings
    assert list((paths.registry / "versions").glob(f"*/{PROFILE}"))
    drop = paths.inbox / date
    shutil.copytree(CASES / "good120", drop)
    file = drop / "cleveland.csv"
    header, *rows = (line.split(",") for line in file.read_text().splitlines())
    for cells in rows[100:]:
        cells[header.index("age")] = ""
    file.write_text("".join(f"{','.join(cells)}\n" for cells in [header, *rows]))
    done = nightly.run("mtl-health", "score", "--study", "heart", "--date", date, check=False)
    assert done.returncode == 1
    assert "20 of 120 rows are rejected (16.7%, validation.max_reject_share allows 2.0%): age missing" in done.stderr
    assert f"the rejected rows with their reasons are in data/tables/heart/rejects, batch {date}-stopped" in done.stderr
    reason = r"cleveland +│ age +│ missing +│ row rejected +│ +20 "
    assert re.search(reason, done.stdout), "every reason is shown, and its column"
    late = nightly.run("mtl-health", "tonight", "--study", "heart", "--date", date, check=False)
    assert re.search(reason, late.stdout), "and kept for who looks in the morning"
    assert f"no scores for {date}: a limit stopped its drop; mend that and run" in late.stderr
    rejects = RejectTable(paths.tables)
    assert rejects.read(f"{date}-stopped").height == 20
    assert ScoreTable(paths.tables).read(date).is_empty()

    shutil.copyfile(CASES / "chol_zero" / "cleveland.csv", file)
    done = nightly.run("mtl-health", "score", "--study", "heart", "--date", date, check=False)
    assert "cleveland.chol: 120 of 120 values were emptied" in done.stderr
    assert "it looks like zeros (120)" in done.stderr
    assert rejects.read(f"{date}-stopped").is_empty(), "the rejects of a drop replace those of the drop before"

    said = settings.model_copy(update={"validation": ValidationSettings(floods="say")})
    run = open_run(study.with_settings(said), date)
    steps.validate_drop(run)
    assert not steps.judge_drop(run).stops
    steps.build_drop_features(run)
    steps.predict_drop(run)
    row = steps.publish(run)
    assert row["floods"].startswith("cleveland.chol: 120 of 120 values were emptied")
    held = RunLedger(paths.tables).find(run.run_id)
    assert held is not None
    assert held["floods"] == row["floods"]
    shown = nightly.run("mtl-health", "tonight", "--study", "heart", "--date", date).stdout
    assert "beyond its limit: cleveland.chol: 120 of 120 values" in shown
    assert f"the last drop of {date} was stopped: the scores below are of an earlier one" in shown
    stopped.clear(study, date)
    assert stopped.read(paths, date) is None


def test_the_gate_stops_a_ruined_network_and_lets_an_equal_one_pass(nightly: Project, tmp_path: Path) -> None:
    """Real files on the study's validation people; the last test here, since the champion changes."""
    import torch

    from flows.nightly.promotion import promote
    from flows.stores.registry import registry_of
    from mtl_models.data.dataset import read_dataset
    from mtl_models.network.checkpoint import load_network
    from mtl_models.serving.export import export_onnx

    study = Study(nightly.folder, "heart")
    paths, settings = study.paths, study.settings
    dataset, _, _ = read_dataset(paths.features, settings.task_records)
    registry = registry_of(paths)
    first = registry.champion()
    assert first is not None

    def version_with(factor: float) -> str:
        network = load_network(paths.models / "network.safetensors")
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(factor)
        file = tmp_path / f"{factor}.onnx"
        export_onnx(network, file, metadata={}, check=dataset)
        return registry.register(file, [], {})

    ruined = promote(study, version_with(-1.0))
    assert not ruined.promoted
    assert "worse beyond the interval" in ruined.reason
    champion = registry.champion()
    assert champion is not None
    assert champion.version == first.version
    equal = promote(study, version_with(1.0001))
    assert equal.promoted
    assert "not worse" in equal.reason
    champion = registry.champion()
    assert champion is not None
    assert champion.version == equal.version != first.version

    targets = paths.features / "targets.parquet"
    known = pl.read_parquet(targets)
    targets.unlink()
    known.with_columns(pl.lit(0).cast(known["disease"].dtype).alias("disease")).write_parquet(targets)
    unjudged = promote(study, version_with(1.0002))
    assert not unjudged.promoted
    assert "no figure for task disease: its 61 labelled validation people have one class only" in unjudged.reason
    known.write_parquet(targets)
    # a study that once had another outcome: its readers would lose a column
    scores = ScoreTable(paths.tables)
    scores.replace(NIGHT, scores.read(NIGHT).with_columns(pl.lit(0.5).alias("once")))
    narrower = promote(study, version_with(1.0003))
    assert not narrower.promoted
    assert "do not fit into data/tables/heart/scores: column once is gone; keep the task as it was" in narrower.reason
