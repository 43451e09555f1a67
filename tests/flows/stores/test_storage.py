"""Tables and files on S3-compatible storage, against a real server: the same promises as in a folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.project.paths import StudyPaths
from flows.project.storage import StorageError, parse_storage, place_of, reaching, send, study_place
from flows.stores import stream
from flows.stores.delta import PartitionedTable, StoreError
from flows.stores.inbox import Inbox, file_hashes
from flows.stores.tables import RunLedger
from mtl_models.wording import SettingsError
from schemas.contract import load_contract
from schemas.reading.places import is_far
from schemas.sharding.plan import make_plan
from tests.support import ROOT, storage_server


@pytest.fixture(scope="module")
def bucket() -> Iterator[Path]:
    with storage_server() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield place_of("s3://health")


def rows(value: str, *numbers: int) -> pl.DataFrame:
    return pl.DataFrame({"date": value, "run": "r1", "n": numbers})


def test_a_part_is_replaced_whole(bucket: Path) -> None:
    table = PartitionedTable(bucket / "one" / "scores", "date")
    assert not table.exists()
    table.replace("a", rows("a", 1, 2))
    table.replace("b", [rows("b", 3), rows("b", 4)])
    table.replace("a", rows("a", 5))
    assert table.read("a")["n"].to_list() == [5]
    assert table.read()["n"].sort().to_list() == [3, 4, 5]
    assert table.holds("a", "run", "r1") == 1
    assert table.holds("b", "run", "r2") is None
    table.remove("b")
    assert table.read()["n"].to_list() == [5]


def test_of_two_writers_of_a_part_one_is_told_to_run_again(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROWS", 2)
    table = PartitionedTable(bucket / "two" / "scores", "date")
    table.replace("a", rows("a", 1))

    def overtaken() -> Iterator[pl.DataFrame]:
        yield rows("a", *range(7))
        PartitionedTable(table.folder, "date").replace("a", rows("a", 3))
        yield rows("a", 8)

    with pytest.raises(StoreError, match="by another run at once"):
        table.replace("a", overtaken())
    assert table.read()["n"].to_list() == [3]


def test_a_writer_that_is_killed_leaves_the_last_good_table(bucket: Path) -> None:
    table = PartitionedTable(bucket / "killed" / "scores", "date")
    table.replace("a", rows("a", 1))
    code = f"""
import os, signal; import polars as pl; from flows.project.storage import place_of
from flows.stores.delta import PartitionedTable
def frames():
    for _ in range(30):
        yield pl.DataFrame({{"date": "a", "run": "r2", "n": range(100_000)}})
    os.kill(os.getpid(), signal.SIGKILL)
PartitionedTable(place_of("{table.folder}"), "date").replace("a", frames())
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -9
    assert table.read()["n"].to_list() == [1]


def test_rows_of_runs_that_end_at_once_are_all_in_the_ledger(bucket: Path) -> None:
    ledger = RunLedger(bucket / "ledger")
    run = {"flow": "score", "study": "s", "batch": "2026-11-20", "started_at": datetime(2026, 11, 20, tzinfo=UTC)}
    ledger.publish({**run, "run_id": "first"})
    names = ["a", "b", "c"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: ledger.publish({**run, "run_id": name}), names))
    assert sorted(ledger.read()["run_id"]) == [*names, "first"]


def test_a_drop_has_the_same_hashes_wherever_it_lies(bucket: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    (made / "B.parquet").mkdir(parents=True)
    (made / "A.csv").write_text("x\n1\n")
    (made / "B.parquet" / "part-0.parquet").write_bytes(b"1" * 1000)
    hashes, flat = file_hashes(made), tmp_path / "flat"
    inbox = Inbox(bucket / "inbox")
    with pytest.raises(FileNotFoundError, match="no drop for 2026-01-01: put the night's tables into s3://health"):
        inbox.drop("2026-01-01")
    assert file_hashes(inbox.replace("2026-01-01", made)) == hashes == file_hashes(inbox.drop("2026-01-01"))
    flat.mkdir()
    (flat / "A.csv").write_text("x\n1\n")
    inbox.replace("2026-01-02", flat)
    inbox.require_replaceable("2026-01-02")
    (bucket / "inbox" / "2026-01-02" / "A.csv").write_text("x\n2\n")
    with pytest.raises(FileExistsError, match="was changed since"):
        inbox.require_replaceable("2026-01-02")


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_shards_of_a_drop_are_the_same_wherever_it_lies(
    bucket: Path, root: Path, tmp_path: Path, form: str, shuffled: bool
) -> None:
    """In order, a shard is a range of bytes or rows; else its rows are parted first, into a scratch folder there."""
    contract, near, name = load_contract("heart"), tmp_path / "drop", f"cleveland.{form}"
    people = pl.read_csv(root / "data" / "raw" / "heart" / "cleveland.csv", infer_schema=False)
    people = people.sample(fraction=1, shuffle=True, seed=1) if shuffled else people
    near.mkdir()
    (people.write_csv if form == "csv" else people.write_parquet)(near / name)
    far = bucket / "drops" / f"{shuffled}"
    send(near / name, far / form / name)
    (tmp_path / "scratch").mkdir()
    plans = [
        make_plan(drop, contract, scratch, people=100, small=0)
        for drop, scratch in ((near, tmp_path / "scratch"), (far / form, far / "scratch" / form))
    ]
    assert plans[0].bounds == plans[1].bounds
    for shard in range(plans[0].n_shards):
        here, there = (plan.split(shard, contract).tables["cleveland"] for plan in plans)
        assert here.valid.equals(there.valid)
        assert here.valid.height > 0


def test_a_storage_that_does_not_answer_is_one_sentence() -> None:
    import botocore.exceptions

    nowhere = place_of("s3://health/nowhere")
    said = r"s3://health/nowhere cannot be reached \(ConnectTimeoutError\)"
    with pytest.raises(StorageError, match=said), reaching(nowhere):
        raise botocore.exceptions.ConnectTimeoutError(endpoint_url="http://127.0.0.1")


def test_a_study_lies_where_the_block_says(tmp_path: Path) -> None:
    paths = StudyPaths(tmp_path, "heart")
    params = tmp_path / "params.yaml"
    params.write_text("studies: {}\n")
    assert study_place(tmp_path, "inbox", paths.inbox) == paths.inbox
    params.write_text(f"storage: {{inbox: s3://health/in, tables: shared, staging: '{tmp_path}/x'}}\n")
    inbox = study_place(tmp_path, "inbox", paths.inbox)
    assert is_far(inbox)
    assert str(inbox) == "s3://health/in/heart"
    assert study_place(tmp_path, "tables", paths.tables) == tmp_path / "shared" / "heart"
    assert study_place(tmp_path, "staging", paths.staging) == tmp_path / "x" / "heart"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"inbx": "s3://a"}, "the nearest is 'inbox'"),
        ({"tables": "s3://key:secret@bucket/x"}, "holds no credentials"),
        ({"tables": " "}, "must be a URL"),
    ],
)
def test_a_fault_of_the_block_is_one_sentence(block: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        parse_storage(block, "params.yaml")
    assert "secret" not in str(caught.value)
