"""Published tables are replaced whole or not at all; models are found by their content."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from flows.nightly.score_contract import scores_contract
from flows.project.hashing import sha256
from flows.stores import stream
from flows.stores.delta import PartitionedTable, StoreError
from flows.stores.delta_files import read_delta
from flows.stores.inbox import Inbox, file_hashes
from flows.stores.registry import ModelRegistry
from flows.stores.tables import RejectTable, RunLedger, ScoreTable
from mtl_models.data.tasks import Task
from mtl_models.serving.scorer import score_columns
from schemas.published import PublishError
from tests.support import closed_to_us, kill_after

TASKS = (
    Task(name="tc", kind="regression", unit="mg/dL"),
    Task(name="diabetes", kind="binary"),
    Task(name="health", kind="ordinal", classes=("good", "poor")),
    Task(name="chronic", kind="multilabel", labels=("asthma", "stroke")),
    Task(name="hdl", kind="regression", role="auxiliary"),
)


def scores(date: str, people: int, value: float = 1.0) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "person_id": [str(number) for number in range(people)],
            "score_date": [dt.date.fromisoformat(date)] * people,
            "tc": [value] * people,
            "diabetes": [1] * people,
            "diabetes__p": [0.75] * people,
            "health": ["good"] * people,
            "health__p_good": [0.9] * people,
            "health__p_poor": [0.1] * people,
            "chronic": [["asthma"] if number % 2 else [] for number in range(people)],
            "chronic__p_asthma": [0.6] * people,
            "chronic__p_stroke": [0.2] * people,
            "model_version": ["m"] * people,
            "run_id": ["r"] * people,
            "scored_at": [datetime(2026, 11, 20, tzinfo=UTC)] * people,
            "withheld": [None] * people,
        }
    )
    types = {**score_columns(TASKS), "scored_at": pl.Datetime("us", "UTC"), "withheld": pl.String}
    return frame.cast(types)  # type: ignore[arg-type]


def test_the_score_contract_follows_the_scorer() -> None:
    columns = list(scores_contract(TASKS).columns)
    rest = ["model_version", "run_id", "scored_at", "withheld"]
    assert columns == ["person_id", "score_date", *score_columns(TASKS), *rest]
    assert "hdl" not in columns


def test_a_date_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    table = ScoreTable(tmp_path)
    contract = scores_contract(TASKS)
    assert not table.exists()
    table.publish("2026-11-19", scores("2026-11-19", 3), contract)
    table.publish("2026-11-20", scores("2026-11-20", 5), contract)
    table.publish("2026-11-20", scores("2026-11-20", 2, value=9.0), contract)
    assert table.read("2026-11-19").height == 3
    assert table.read("2026-11-20")["tc"].to_list() == [9.0, 9.0]
    assert table.read().height == 5


@pytest.mark.parametrize("value", ["2026-01-02-stopped", "a b", "ü/ä", "100%", "a%20b", "x=1"])
def test_a_partition_of_any_name_is_read_back(tmp_path: Path, value: str) -> None:
    table = PartitionedTable(tmp_path / "rows", "batch")
    frame = pl.DataFrame({"batch": [value], "x": [1]})
    table.replace(value, frame)
    table.replace("other", frame.with_columns(batch=pl.lit("other")))
    assert table.read(value).equals(frame)


def test_a_table_that_is_not_ours_to_read_is_not_called_absent(tmp_path: Path) -> None:
    table = ScoreTable(tmp_path / "tables")
    table.publish("2026-11-19", scores("2026-11-19", 3), scores_contract(TASKS))
    for folder in (table.folder, table.folder.parent):
        with closed_to_us(folder), pytest.raises(PermissionError):
            table.exists()
    assert table.exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (pl.lit(0.5).cast(pl.Float32).alias("tc"), "tc is Float32"),
        (pl.lit(float("nan")).alias("tc"), "tc fails finite in 2 rows"),
        (pl.lit(1.5).alias("diabetes__p"), "diabetes__p"),
        (pl.lit("excellent").alias("health"), "health"),
        (pl.lit("0").alias("person_id"), "person_id"),
    ],
)
def test_what_breaks_the_contract_is_not_written(tmp_path: Path, spoil: pl.Expr, message: str) -> None:
    table = ScoreTable(tmp_path)
    with pytest.raises(PublishError, match=message) as caught:
        table.publish("2026-11-20", scores("2026-11-20", 2).with_columns(spoil), scores_contract(TASKS))
    assert "0.75" not in str(caught.value)
    assert not table.exists()


def test_rows_of_another_date_are_refused_without_being_shown(tmp_path: Path) -> None:
    table = ScoreTable(tmp_path)
    with pytest.raises(StoreError, match="cannot be written there"):
        table.replace("2026-11-21", scores("2026-11-20", 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop("health__p_poor"), "column health__p_poor is gone"),
        (lambda frame: frame.with_columns(tc=pl.lit("240")), "column tc is double there and string here"),
        (lambda frame: frame.cast({"diabetes": pl.Int64}), "column diabetes is byte there and long here"),
    ],
)
def test_a_column_that_is_gone_or_retyped_is_refused_without_showing_rows(
    tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame], message: str
) -> None:
    table = ScoreTable(tmp_path)
    table.replace("2026-11-20", scores("2026-11-20", 2))
    changed = change(scores("2026-11-21", 2))
    assert table.conflicts(changed.schema) == [message]
    with pytest.raises(StoreError, match=message) as caught:
        table.replace("2026-11-21", changed)
    assert "240" not in str(caught.value)
    assert table.read().equals(scores("2026-11-20", 2))


def test_new_columns_stand_last_and_are_null_on_old_dates(tmp_path: Path) -> None:
    table = ScoreTable(tmp_path)
    table.replace("2026-11-20", scores("2026-11-20", 2))
    wider = scores("2026-11-21", 3).select(
        "person_id", pl.lit(2.5).alias("alt"), pl.lit(["a"]).alias("signs"), pl.exclude("person_id")
    )
    assert table.conflicts(wider.schema) == []
    table.replace("2026-11-21", wider)
    assert table.read().columns == [*scores("2026-11-20", 1).columns, "alt", "signs"]
    assert table.read("2026-11-20").drop("alt", "signs").equals(scores("2026-11-20", 2))
    assert table.read("2026-11-20")["alt"].to_list() == [None, None]
    assert table.read("2026-11-21").select(wider.columns).equals(wider)
    with pytest.raises(StoreError, match="column alt is gone; column signs is gone"):
        table.replace("2026-11-22", scores("2026-11-22", 2))
    table.replace("2026-11-20", wider.with_columns(score_date=dt.date(2026, 11, 20)))
    assert table.read("2026-11-20")["alt"].to_list() == [2.5] * 3


@pytest.mark.parametrize("people", [3, 250], ids=["at once", "file by file"])
def test_dates_of_text_become_dates_in_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: int) -> None:
    """No file of the old table is written anew, and its versions before stay as they were."""
    monkeypatch.setattr(stream, "ROWS", 100)
    table, old = ScoreTable(tmp_path), scores("2026-11-20", 2)
    for date in ("2026-11-20", "2026-11-19"):
        table.replace(date, scores(date, 2).with_columns(score_date=pl.lit(date)))
    files = set(table.folder.rglob("*.parquet"))
    assert table.read("2026-11-20")["score_date"].to_list() == ["2026-11-20"] * 2
    assert table.conflicts(old.schema) == []
    new = scores("2026-11-21", people)
    table.replace("2026-11-21", new)
    assert table.read("2026-11-20").equals(old)
    assert table.read("2026-11-21").sort("person_id").equals(new.sort("person_id"))
    assert files < set(table.folder.rglob("*.parquet"))
    delta = DeltaTable(str(table.folder))
    assert [entry["operation"] for entry in delta.history()] == ["WRITE"] * 4  # two dates, the move, the new date
    assert read_delta(table.folder, version=1)["score_date"].dtype == pl.String
    table.remove("2026-11-19")
    assert sorted(table.read()["score_date"].unique()) == [dt.date(2026, 11, 20), dt.date(2026, 11, 21)]
    with pytest.raises(StoreError, match="column score_date is date there and string here"):
        table.replace("2026-11-22", scores("2026-11-22", 2).with_columns(score_date=pl.lit("2026-11-22")))
    DeltaTable(str(table.folder)).restore(1)
    table.replace("2026-11-21", new)
    assert table.read("2026-11-19").equals(scores("2026-11-19", 2))


def test_an_old_ledger_takes_a_column_that_runs_have_since(tmp_path: Path) -> None:
    ledger = RunLedger(tmp_path)
    run = {"run_id": "r1", "flow": "score", "study": "s", "batch": "2026-11-20", "started_at": datetime.now(UTC)}
    ledger.publish(run)
    old = ledger.read().drop("n_rejected")
    before = PartitionedTable(tmp_path / "older" / "runs", "run_id")
    before.replace("r1", old)
    RunLedger(tmp_path / "older").publish({**run, "run_id": "r2", "n_rejected": 4})
    assert RunLedger(tmp_path / "older").read().sort("run_id")["n_rejected"].to_list() == [None, 4]


WRITER = """
import sys; import polars as pl; from pathlib import Path; from flows.stores.delta import PartitionedTable
x = pl.Series("x", range(2_000_000))
frame = pl.DataFrame({"day": ["a"] * len(x), "x": x, "y": x.cast(pl.String)})
print("ready", flush=True)
while True:
    PartitionedTable(Path(sys.argv[1]), "day").replace("a", frame)
"""


@pytest.mark.parametrize("delay", [0.02, 0.15, 0.4])
def test_a_killed_writer_leaves_a_whole_version(tmp_path: Path, delay: float) -> None:
    table = PartitionedTable(tmp_path / "t", "day")
    good = pl.DataFrame({"day": ["a"], "x": [7], "y": ["seven"]})
    table.replace("a", good)
    kill_after(delay, [sys.executable, "-c", WRITER, str(tmp_path / "t")])
    left = table.read()
    assert left.height in (1, 2_000_000)
    table.replace("a", good)
    assert table.read().rows() == [("a", 7, "seven")]


def test_the_ledger_holds_one_row_a_run(tmp_path: Path) -> None:
    ledger = RunLedger(tmp_path)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    run = {"run_id": "r1", "flow": "score", "study": "s", "batch": "2026-11-20", "n_scored": 4, "started_at": now}
    assert ledger.find("r1") is None
    ledger.publish(run)
    ledger.publish({**run, "n_scored": 5})
    ledger.publish({**run, "run_id": "r2"})
    found = ledger.find("r1")
    assert found is not None
    assert found["n_scored"] == 5
    assert ledger.read().height == 2
    assert ledger.find("r3") is None


def test_rejects_are_published_with_every_reason(tmp_path: Path) -> None:
    from flows.nightly.rejects import reject_rows
    from flows.study.study import Study
    from schemas.splitting.results import REJECTS

    reasons = [[{"column": "RIDAGEYR", "rule": "missing"}, {"column": "RIAGENDR", "rule": "missing"}]]
    row = {"table": "DEMO", "file": "DEMO.csv", "line": 2, "person_id": "1", "row": "{}", "reasons": reasons[0]}
    rejected = pl.DataFrame([row], schema=REJECTS)
    excluded = pl.DataFrame({"person_id": ["2"], "reason": ["outside the cohort: under 20 years"]})
    table = RejectTable(tmp_path)
    table.publish("2026-11-20", reject_rows(Study(tmp_path, "nhanes"), rejected, "2026-11-20", "run", excluded))
    found = table.read("2026-11-20").sort("person_id")
    assert found["outcome"].to_list() == ["rejected", "excluded"]
    assert found["reasons"].to_list() == [
        *reasons,
        [{"column": "SEQN", "rule": "outside the cohort: under 20 years"}],
    ]


def model_file(folder: Path, content: bytes) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(content)
    return path


def test_the_champion_is_the_last_one_promoted(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path / "registry", tmp_path / "champions")
    assert registry.champion() is None
    first = registry.register(model_file(tmp_path, b"one"), [], {})
    assert registry.register(model_file(tmp_path, b"one"), [], {}) == first
    second = registry.register(model_file(tmp_path, b"two"), [], {})
    assert registry.champion() is None
    registry.promote(first, "first", {})
    registry.promote(second, "better", {"n": 3})
    champion = registry.champion()
    assert champion is not None
    assert (champion.version, champion.reason) == (second, "better")
    assert sha256(champion.path) == second
    assert registry.promotions()["replaced"].to_list() == [None, first]


def test_a_model_that_changed_on_disk_does_not_score(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path / "registry", tmp_path / "champions")
    version = registry.register(model_file(tmp_path, b"one"), [], {})
    registry.promote(version, "first", {})
    (tmp_path / "registry" / "versions" / version / "model.onnx").write_bytes(b"two")
    with pytest.raises(ValueError, match="changed on disk"):
        registry.champion()
    with pytest.raises(ValueError, match="is not in the registry"):
        registry.promote("0" * 64, "never registered", {})


def test_the_inbox_wants_a_date_and_a_drop(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    with pytest.raises(ValueError, match="is not a date"):
        inbox.drop("../2026-11-20")
    with pytest.raises(FileNotFoundError, match="no drop for 2026-11-20"):
        inbox.drop("2026-11-20")
    (tmp_path / "2026-11-20").mkdir()
    (tmp_path / "2026-11-20" / "A.csv").write_text("x")
    (tmp_path / "2026-11-20" / "B.parquet").mkdir()
    (tmp_path / "2026-11-20" / "B.parquet" / "part-0.parquet").write_text("x")
    assert file_hashes(inbox.drop("2026-11-20")) == {
        "A.csv": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "B.parquet/part-0.parquet": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    }
