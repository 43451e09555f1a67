"""Whole nights on the heart study, by the commands that a user types: nothing lost, nothing twice, nothing told."""

from __future__ import annotations

import base64
import json
import re
import shutil
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.nightly import steps
from flows.nightly.run import open_run
from flows.nightly.shard_files import SCORES
from flows.project.hashing import sha256
from flows.study.study import Study
from tests.flows.support import drop_of, scores_of, table, version
from tests.support import NIGHT, Project, kill_after, readable

pytestmark = pytest.mark.slow


def test_everybody_is_scored_rejected_or_excluded(nightly: Project) -> None:
    scores = scores_of(nightly)
    run = table(nightly, "runs").filter(pl.col("flow") == "score", pl.col("batch") == NIGHT).row(0, named=True)
    assert run["n_people"] == run["n_scored"] + run["n_rejected"] + run["n_excluded"] == 121
    assert run["n_rows"] == run["n_rows_valid"] + run["n_rows_rejected"]
    assert scores.height == run["n_scored"]
    assert scores["person_id"].is_unique().all()
    assert scores["score_date"].unique().to_list() == [date.fromisoformat(NIGHT)]
    champion = nightly.folder / "data" / "registry" / "heart" / "versions" / run["model_version"] / "model.onnx"
    assert sha256(champion) == run["model_version"] == scores["model_version"][0]
    assert scores["thal"].is_in(["normal", "fixed defect", "reversible defect"]).all()
    thal = scores.select(pl.sum_horizontal(pl.selectors.starts_with("thal__p_")))
    assert thal.to_series().to_list() == pytest.approx([1.0] * 121, abs=1e-5)
    # params.yaml: a missed case is as bad as four false alarms
    assert (scores["disease"] == (scores["disease__p"] >= 1 / (1 + 4)).cast(pl.Int8)).all()


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
    scores = scores_of(nightly)
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


LOOKS = """
import json, sys
from flows.cli.main import app
heavy, imported = sys.argv[1].split(), {}
for command in json.loads(sys.argv[2]):
    app(command, standalone_mode=False)
    imported[command[0]] = [name for name in heavy if name in sys.modules]
print("\\n" + json.dumps(imported))
"""
HEAVY = "prefect dvc torch lightgbm sklearn catboost onnxruntime pandera pandas pyarrow"


def test_commands_that_only_look_import_nothing_heavy(nightly: Project) -> None:
    """Nor does what was retrained and scored already: Prefect is not imported, makes no folder and is asked nothing."""
    home, study = nightly.folder / "no home", ("--study", "heart")
    looks = [[name, *study] for name in ("report", "champion", "retrain")]
    looks[2:2] = [["tonight", *study, "--date", NIGHT]]
    looks += [["score", *study, "--date", NIGHT]]
    environment = ("env", f"PREFECT_HOME={home}", "PREFECT_API_URL=http://127.0.0.1:9/api")
    nightly.run(*environment, sys.executable, "-m", "flows.cli", "retrain", *study)  # takes what landed
    said = nightly.run(*environment, sys.executable, "-c", LOOKS, HEAVY, json.dumps(looks)).stdout
    imported = json.loads(said.splitlines()[-1])
    assert imported["report"] == imported["champion"] == imported["tonight"] == []
    assert imported["retrain"] == ["dvc"]
    assert set(imported["score"]) - {"dvc"} <= {
        "pandera",
        "pandas",
        "pyarrow",
    }  # the drop's tables are known by the contract
    assert "retrained heart: nothing had changed" in said
    assert f"scored heart, {NIGHT}: nothing had changed" in said
    assert re.search(r"would be recorded by +127\.0\.0\.1:9", said)
    assert not home.exists()


def test_forcing_replaces_and_never_appends(nightly: Project) -> None:
    before, runs = scores_of(nightly).drop("scored_at"), table(nightly, "runs").height
    nightly.run("mtl-health", "score", "--study", "heart", "--date", NIGHT, "--force")
    assert scores_of(nightly).drop("scored_at").equals(before)
    assert table(nightly, "runs").height == runs


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
    assert scores_of(nightly, "2026-01-02").height == 120
    run = table(nightly, "runs").filter(pl.col("batch") == "2026-01-02").row(0, named=True)
    assert (run["n_people"], run["n_scored"], run["n_rejected"], run["n_excluded"]) == (121, 120, 1, 0)
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


SCORING = """
import sys; from pathlib import Path; from flows.nightly import steps
from flows.nightly.run import open_run; from flows.study.study import Study
root = Path(sys.argv[1]); print("ready", flush=True)
while True:
    run = open_run(Study(root, "heart"), sys.argv[2])
    steps.work_through_all(run); steps.publish(run)
"""


def test_a_killed_run_leaves_the_last_good_table(nightly: Project) -> None:
    """Wherever it was; what it left is in nobody's way."""
    before = scores_of(nightly).drop("scored_at")
    command = [sys.executable, "-c", SCORING, str(nightly.folder), NIGHT]
    for delay in (0.1, 0.35, 0.7):
        kill_after(delay, command, env=nightly.environment, cwd=nightly.folder)
        assert scores_of(nightly).drop("scored_at").equals(before), delay
        run = open_run(Study(nightly.folder, "heart"), NIGHT)
        steps.work_through_all(run)
        steps.publish(run)
        assert scores_of(nightly).drop("scored_at").equals(before), delay
    nightly.run("mtl-health", "score", "--study", "heart", "--date", NIGHT)
    assert scores_of(nightly).drop("scored_at").equals(before)


def test_scores_that_break_their_contract_leave_every_table_as_it_was(nightly: Project) -> None:
    """The rejects are not replaced either: all is checked before anything is written."""
    from schemas.published import PublishError

    before = {name: version(nightly, name) for name in ("scores", "rejects", "runs")}
    run = open_run(Study(nightly.folder, "heart"), NIGHT)
    steps.work_through_all(run)
    staged = steps.work_of(run).folder(0) / SCORES
    pl.read_parquet(staged).with_columns(pl.lit(1.5).alias("disease__p")).write_parquet(staged)
    with pytest.raises(PublishError, match="disease__p"):
        steps.publish(run)
    assert {name: version(nightly, name) for name in before} == before
    shutil.rmtree(run.staging)


def test_others_read_no_health_data(nightly: Project) -> None:
    found = {
        name for name in readable(nightly.folder, 0o004) if name.startswith(("data/", "models/", ".prefect/", ".dvc/"))
    }
    assert found <= set(nightly.run("git", "ls-files", "-z").stdout.split("\0"))
    assert not list((nightly.folder / "data" / "staging" / "heart").glob("[!.]*"))
