"""A folder read by shards of people gives what it gives at once: every row, every reason, every count, every fault."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.contract import Contract, load_contract
from schemas.faults import TableFault
from schemas.reading import repeating
from schemas.reading.folder import find_table
from schemas.reading.source import read_table
from schemas.sharding.merge import labels_of, merged
from schemas.sharding.parts import CsvInOrder
from schemas.sharding.plan import OutOfOrderError, make_plan
from schemas.splitting.results import REJECTS, StudyResult
from schemas.splitting.study import Split, require_sound, validate_folder

# every kind of column in few: each shard reads each column
TABLES = ("DEMO", "BPX", "SLQ", "DIQ", "SMQ")
N_PEOPLE = 30
FORMS = ("csv", "quoted csv", "unsorted csv", "parts", "parquet", "unsorted parquet")
cells = st.sampled_from(
    ["", " ", "NaN", "-1", "1e400", "9999", "7", "b''", "24,85", "1,000", "x y", "unknown", '"', "a\nb", "2020-01-01"]
)
edits = st.lists(st.tuples(st.integers(0, 4), st.integers(0, N_PEOPLE - 1), st.integers(0, 30), cells), max_size=40)
# without a quote or a line end in it a file is read in its order
plain = cells.filter(lambda text: not set(text) & {'"', "\n", ","})
plain_edits = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, N_PEOPLE - 1), st.integers(0, 30), plain), max_size=40
)
keys = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, N_PEOPLE - 1), st.sampled_from(["", "abc", "99999", "1.0"])), max_size=4
)


@pytest.fixture(autouse=True)
def codes_from_the_second_shard_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What repeats in the first shard is read as codes in the others, however few rows it has."""
    monkeypatch.setattr("schemas.reading.repeating.LEAST_ROWS", 1)
    repeating._of.cache_clear()


@pytest.fixture(scope="module")
def small() -> Contract:
    """The contract of these tables."""
    tables = load_contract("nhanes").tables
    few = {name: tables[name] for name in TABLES}
    return Contract(study="small", tables=few, person_table="DEMO", person_key="SEQN")


@pytest.fixture(scope="module")
def sample(raw: Callable[[str], Path]) -> dict[str, pl.DataFrame]:
    """The first people of some real tables, as text."""
    contract, folder = load_contract("nhanes"), raw("nhanes")
    tables = {}
    for name in TABLES:
        path = find_table(folder, name)
        assert path is not None
        tables[name] = read_table(path, contract.tables[name], table=name).as_text.sort("SEQN").fill_null("")
    people = tables["DEMO"]["SEQN"].head(N_PEOPLE).to_list()
    return {name: table.filter(pl.col("SEQN").is_in(people)) for name, table in tables.items()}


def write(folder: Path, tables: dict[str, pl.DataFrame], form: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, table in tables.items():
        rows = table.sample(fraction=1, shuffle=True, seed=len(name)) if "unsorted" in form else table
        if form == "parts":
            (folder / name).mkdir()
            for place in range(3):
                part = rows.gather_every(3, place).with_columns(pl.all().replace("", None))
                part.write_csv(folder / name / f"part-{place}.csv")
        elif "parquet" in form:
            rows.with_columns(pl.all().replace("", None)).write_parquet(folder / f"{name}.parquet", row_group_size=9)
        else:
            text = rows if "quoted" in form else rows.with_columns(pl.all().replace("", None))  # not quoted then
            text.write_csv(folder / f"{name}.csv", quote_style="always" if "quoted" in form else "necessary")
    return folder


Found = tuple[dict[str, pl.DataFrame], pl.DataFrame, dict[str, Any]]


def by_shards(folder: Path, contract: Contract, scratch: Path, people: int) -> Found:
    """Valid rows, rejects and summary of all shards together."""
    disordered: list[str] = []
    splits: list[Split] = []
    while not splits:
        shutil.rmtree(scratch, ignore_errors=True)
        plan = make_plan(folder, contract, scratch, people=people, small=0, disordered=disordered)
        try:
            splits = [plan.split(shard, contract) for shard in range(plan.n_shards)]
        except OutOfOrderError as error:
            disordered.append(error.table)
    assert len(set(disordered)) == len(disordered)
    assert plan.n_shards > 1
    require_sound(plan.facts([split.facts for split in splits], contract), contract)
    results = [StudyResult(study=contract.study, tables=split.tables) for split in splits]
    valid = {name: pl.concat([result.tables[name].valid for result in results]) for name in contract.tables}
    rejects = pl.concat([pl.DataFrame(schema=REJECTS), *(result.rejects for result in results)])
    return valid, rejects, merged(contract, [(result.summary(), labels_of(result)) for result in results])


Result = TypeVar("Result")


def attempt(do: Callable[[], Result]) -> Result | TableFault:
    try:
        return do()
    except TableFault as fault:
        return fault


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.one_of(plain_edits, edits), keys=keys, people=st.integers(8, 16))
def test_shards_give_what_one_reading_gives(
    form: str,
    edits: list[tuple[int, int, int, str]],
    keys: list[tuple[int, int, str]],
    people: int,
    sample: dict[str, pl.DataFrame],
    small: Contract,
    tmp_path: Path,
) -> None:
    tables = {name: [list(row) for row in table.rows()] for name, table in sample.items()}
    for table, row, column, text in edits:
        rows = tables[list(tables)[table]]
        rows[row % len(rows)][1 + column % (len(rows[0]) - 1)] = text
    for table, row, text in keys:
        rows = tables[list(tables)[table]]
        rows[row % len(rows)][0] = text
    frames = {name: pl.DataFrame(rows, schema=sample[name].schema, orient="row") for name, rows in tables.items()}
    folder = write(tmp_path / "drop", frames, form)
    once = attempt(lambda: validate_folder(folder, small))
    found = attempt(lambda: by_shards(folder, small, tmp_path / "scratch", people))
    if isinstance(once, TableFault) or isinstance(found, TableFault):
        assert str(found) == str(once)
        return
    valid, rejects, summary = found
    for name, result in once.tables.items():
        assert valid[name].sort("SEQN").equals(result.valid.sort("SEQN"))
    order = ["table", "file", "line"]
    assert rejects.sort(order).equals(once.rejects.sort(order))
    assert summary == once.summary()
    assert str(summary) == str(once.summary())


@pytest.mark.parametrize(
    ("table", "said"), [("DEMO", "repeat a person's SEQN with"), ("DIQ", "name a person's SEQN with")]
)
def test_two_spellings_of_a_key_are_found_across_shards(
    table: str, said: str, sample: dict[str, pl.DataFrame], small: Contract, tmp_path: Path
) -> None:
    """01 lies in the first shard, as 001 does, and 1 in the last: each row counts once."""
    frames = dict(sample)
    rows = frames[table]
    last = rows["SEQN"][-1]
    once_more, again = (rows.tail(1).with_columns(SEQN=pl.lit(zeros + last)) for zeros in ("00", "0"))
    frames[table] = pl.concat([once_more, again, rows] if table == "DEMO" else [again, rows.head(-1)])
    folder = write(tmp_path / "drop", frames, "csv")
    once = attempt(lambda: validate_folder(folder, small))
    assert said in str(once)
    assert str(attempt(lambda: by_shards(folder, small, tmp_path / "scratch", 10))) == str(once)


def test_a_file_that_only_seems_to_be_in_order_is_parted(
    sample: dict[str, pl.DataFrame], small: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few keys are looked at: two rows that changed their places are between them."""
    monkeypatch.setattr("schemas.sharding.opening.FEW", 2)
    order = list(range(sample["BPX"].height))
    order[9], order[22] = 22, 9
    frames = {**sample, "BPX": sample["BPX"][order]}
    folder = write(tmp_path / "drop", frames, "csv")
    plan = make_plan(folder, small, tmp_path / "first", people=10, small=0)
    with pytest.raises(OutOfOrderError, match="BPX"):
        [plan.split(shard, small) for shard in range(plan.n_shards)]
    assert {type(part) for table in plan.tables.values() if table for part in table.parts} == {CsvInOrder}
    once = validate_folder(folder, small)
    valid, _, summary = by_shards(folder, small, tmp_path / "scratch", 10)
    assert valid["BPX"].sort("SEQN").equals(once.tables["BPX"].valid.sort("SEQN"))
    assert summary == once.summary()


def test_files_may_be_looked_at_elsewhere(
    sample: dict[str, pl.DataFrame], small: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes back travelled through bytes, as to another process; the plan is the same, and so is a fault."""
    monkeypatch.setattr("schemas.sharding.plan.WORTH_SPREADING", 0)
    done: list[str] = []

    def spread(function: Callable[[Any, Contract], Any], jobs: Sequence[Any]) -> Iterator[Any]:
        for job in jobs:
            done.append(function.__name__)
            yield pickle.loads(pickle.dumps(function(pickle.loads(pickle.dumps(job)), small)))

    folder = write(tmp_path / "drop", sample, "unsorted csv")
    there = make_plan(folder, small, tmp_path / "there", people=10, small=0, spread=spread)
    here = make_plan(folder, small, tmp_path / "here", people=10, small=0)
    assert sorted(done) == sorted(["try_to_open", "part_file"] * len(TABLES))
    for shard in range(here.n_shards):
        ours, theirs = here.split(shard, small), there.split(shard, small)
        assert ours.facts == theirs.facts
        assert all(ours.tables[name].valid.equals(theirs.tables[name].valid) for name in TABLES)
    (folder / "DIQ.csv").write_bytes((folder / "DIQ.csv").read_bytes()[:-1])
    fault_here = attempt(lambda: make_plan(folder, small, tmp_path / "x", people=10, small=0))
    fault_there = attempt(lambda: make_plan(folder, small, tmp_path / "y", people=10, small=0, spread=spread))
    assert "cut off" in str(fault_here)
    assert str(fault_there) == str(fault_here)
