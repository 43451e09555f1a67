"""What drops bring lands by date, whole and once; a training takes the newest of it, everybody in one part for ever."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from flows.nightly.landing import land
from flows.nightly.landing.alone import land_alone
from flows.nightly.landing.export import export_landed
from flows.nightly.landing.newest import columns_of, newest_rows
from flows.nightly.landing.outcomes import landed_outcomes
from flows.stages import intake
from flows.stages.validate import split_tables
from flows.stores.delta import PartitionedTable
from flows.stores.valid import read_newcomers
from flows.study.study import Study
from schemas.contract import load_contract
from schemas.fields import ModelView
from schemas.reading.folder import find_table
from schemas.splitting.intake import TABLES

Drop = Callable[..., Path]
KEY = ("person_id", "landed_on")
FIRST, SECOND, THIRD = "2026-11-01", "2026-11-02", "2026-11-03"


@pytest.fixture
def heart(root: Path, tmp_path: Path) -> Study:
    """The heart study where nothing has landed yet."""
    return _study(root, tmp_path, "heart")


@pytest.fixture
def nhanes(root: Path, tmp_path: Path) -> Study:
    """NHANES where nothing has landed yet."""
    return _study(root, tmp_path, "nhanes")


def _study(root: Path, folder: Path, name: str) -> Study:
    shutil.copyfile(root / "params.yaml", folder / "params.yaml")
    shutil.copytree(root / "presets", folder / "presets")
    shutil.copytree(root / "data" / "raw" / name, folder / "data" / "raw" / name)
    return Study(folder, name)


def raw(study: Study, table: str = "cleveland") -> pl.DataFrame:
    path = find_table(study.paths.raw, table)
    assert path is not None
    frame = pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.read_parquet(path)
    return frame.with_columns(pl.col(study.contract.person_key).cast(pl.String).str.strip_suffix(".0"))


def put(study: Study, date: str, **tables: pl.DataFrame) -> None:
    """A drop of a date, in place of one that is there."""
    folder = study.inbox / date
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, frame in tables.items():
        if set(frame.dtypes) == {pl.String}:
            frame.write_csv(folder / f"{name}.csv")
        else:
            frame.write_parquet(folder / f"{name}.parquet")


def called(frame: pl.DataFrame, *names: str, key: str = "id") -> pl.DataFrame:
    """Rows under other person keys."""
    return frame.head(len(names)).with_columns(pl.Series(key, names))


def exported(study: Study, table: str = "cleveland") -> pl.DataFrame:
    return pl.read_parquet(study.paths.landed / TABLES / f"{table}.parquet")


def test_rows_land_once_and_add_up_and_a_date_is_replaced(heart: Study) -> None:
    people = called(raw(heart), "901", "902", "903")
    broken = people.with_columns(age=pl.when(pl.col("id") == "902").then(pl.lit("400")).otherwise("age"))
    put(heart, FIRST, cleveland=broken)
    row = land_alone(heart, FIRST)
    assert (row["n_rows"], row["n_people"], row["n_rejected"]) == (2, 2, 1)
    rejects = heart.tables.rejects.read(FIRST)
    assert [reason["column"] for reason in rejects["reasons"].item()] == ["age"]
    put(heart, SECOND, cleveland=called(raw(heart), "904"))
    land_alone(heart, SECOND)
    put(heart, FIRST, cleveland=people)
    assert land_alone(heart, FIRST)["n_rows"] == 3
    landed = heart.tables.landed.read()
    assert sorted(landed["person_id"]) == ["901", "902", "903", "904"]
    assert heart.tables.landings.until(SECOND)["n_rows"].to_list() == [3, 1]
    assert heart.tables.landings.read(SECOND)["n_people"].to_list() == [1]
    heart.tables.landings.remove(FIRST)
    assert heart.tables.landings.until(SECOND)["n_rows"].to_list() == [1]


def test_what_is_known_already_is_no_news(heart: Study) -> None:
    """Raw people as they are, outcomes missing: nothing is given to DVC, so nothing is trained."""
    put(heart, FIRST, cleveland=raw(heart).head(50).drop("thal", "target", "ca"))
    land_alone(heart, FIRST)
    assert export_landed(heart, FIRST)["rows"] == 50
    assert not heart.paths.landed.exists()


def test_a_cell_is_the_newest_and_a_column_that_did_not_come_is_as_it_was(heart: Study) -> None:
    before = raw(heart).row(0, named=True)
    without = raw(heart).head(1).drop("thal", "target", "ca")
    put(heart, FIRST, cleveland=without.with_columns(chol=pl.lit("301"), trestbps=pl.lit("111")))
    put(heart, SECOND, cleveland=without.with_columns(chol=pl.lit("302"), trestbps=pl.lit(None, pl.String)))
    for date in (FIRST, SECOND):
        land_alone(heart, date)
    valid = {}
    for date in ("2026-10-31", FIRST, SECOND):
        export_landed(heart, date)
        valid[date] = split_tables(heart, heart.paths.raw, landed=heart.paths.landed).tables["cleveland"].valid
    known = [tuple(frame.row(0, named=True)[name] for name in ("chol", "trestbps")) for frame in valid.values()]
    assert known == [(int(before["chol"]), int(before["trestbps"])), (301, 111), (302, None)]
    assert {frame["target"][0] for frame in valid.values()} == {int(before["target"])}
    assert all(frame["id"].equals(valid[FIRST]["id"]) for frame in valid.values())


def test_a_file_of_outcomes_alone_leaves_all_else_as_it_was(heart: Study) -> None:
    people = called(raw(heart), "901", "902")
    put(heart, FIRST, cleveland=people.drop("thal", "target", "ca"))
    put(heart, SECOND, cleveland=people.select("id", "age", "sex", "thal", "target"))
    for date in (FIRST, SECOND):
        land_alone(heart, date)
    export_landed(heart, SECOND)
    valid = split_tables(heart, heart.paths.raw, landed=heart.paths.landed).tables["cleveland"].valid
    known, truth = valid.filter(pl.col("id").is_in(["901", "902"])), valid.head(2)
    assert known.drop("id", "ca").equals(truth.drop("id", "ca"))
    assert known["ca"].null_count() == 2


def test_newcomers_have_one_part_for_ever_and_the_same_state_the_same_bytes(heart: Study) -> None:
    names = [str(9000 + number) for number in range(60)]
    put(heart, FIRST, cleveland=called(raw(heart), *names[:30]))
    put(heart, SECOND, cleveland=called(raw(heart), *names[30:]))
    land_alone(heart, FIRST)
    assert export_landed(heart, FIRST)["newcomers"] == 30
    first = read_newcomers(heart.paths.landed)
    land_alone(heart, SECOND)
    assert export_landed(heart, SECOND)["newcomers"] == 60
    both, content = read_newcomers(heart.paths.landed), _content(heart.paths.landed)
    assert first is not None
    assert both is not None
    assert both.join(first, on="person_id", how="semi").equals(first)
    fewer = pl.read_csv(heart.paths.raw / "splits" / "folds.csv", infer_schema=False)
    changed = fewer.with_columns(repeat0="repeat1").head(200)
    (heart.paths.raw / "splits" / "folds.csv").chmod(0o644)
    changed.write_csv(heart.paths.raw / "splits" / "folds.csv")
    export_landed(heart, SECOND)
    again = read_newcomers(heart.paths.landed)
    assert again is not None
    assert again.filter(pl.col("person_id").is_in(names)).equals(both)  # raw people without a part by now are new too
    fewer.write_csv(heart.paths.raw / "splits" / "folds.csv")
    export_landed(heart, FIRST)
    export_landed(heart, SECOND)
    assert _content(heart.paths.landed) == content


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_written_where_nothing_came_since(heart: Study) -> None:
    put(heart, FIRST, cleveland=called(raw(heart), "901"))
    land_alone(heart, FIRST)
    export_landed(heart, FIRST)
    file = heart.paths.landed / TABLES / "cleveland.parquet"
    before = file.stat().st_ino
    export_landed(heart, THIRD)
    assert file.stat().st_ino == before
    assert intake.run(heart)["tables/cleveland"] == 1
    export_landed(heart, "2026-10-31")
    assert not heart.paths.landed.exists()
    assert intake.run(heart) == {}


def test_outcomes_of_people_who_came_before_land_without_their_person_row(nhanes: Study) -> None:
    """Rows about people of the raw tables and of earlier drops are late, those about nobody are rejects."""
    person, sugar = raw(nhanes, "DEMO"), raw(nhanes, "GHB").select("SEQN", "LBXGH")
    adult = person.filter(pl.col("RIDAGEYR").cast(pl.Float64) > 30)
    put(nhanes, FIRST, DEMO=called(adult, "900001", key="SEQN"))
    land_alone(nhanes, FIRST)
    known = person["SEQN"][0]
    rows = sugar.head(3).with_columns(SEQN=pl.Series(["900001", known, "900002"]), LBXGH=pl.lit("7.1"))
    put(
        nhanes,
        SECOND,
        GHB=pl.concat([rows, sugar.slice(9, 80)]),
    )
    row = land_alone(nhanes, SECOND)
    assert (row["n_people"], row["n_late"], row["n_rejected"]) == (0, row["n_rows"], 1)
    outcomes = landed_outcomes(nhanes, SECOND)
    assert outcomes.select("person_id", "hba1c").rows() == [("900001", 7.1)]
    assert str(outcomes["hba1c__came_on"].item()) == SECOND
    assert outcomes["diabetes__came_on"].item() is None
    landed = nhanes.tables.landed
    names = {name: columns_of(ModelView.of(model)) for name, model in nhanes.contract.tables.items()}
    once, each = (dict(landed.by_table(SECOND, names, at_once=at_once)) for at_once in (True, False))
    assert list(once) == list(each) == list(names)
    assert all(once[name].equals(each[name]) for name in names)
    export_landed(nhanes, SECOND)
    assert {"900001", known} <= set(exported(nhanes, "GHB")["SEQN"]) <= {"900001", *person["SEQN"]}
    assert read_newcomers(nhanes.paths.landed) is not None


def test_the_newest_row_is_not_a_mixture_of_what_the_same_file_said() -> None:
    view = ModelView.of(load_contract("heart").tables["cleveland"])
    rows = [("7", "2026-11-02", "50", "", None), ("7", "2026-11-01", "49", "210", "1")]
    landed = pl.DataFrame(
        [
            {"person_id": who, "landed_on": day, **dict.fromkeys(columns_of(view)), "age": age, "chol": chol, "cp": cp}
            for who, day, age, chol, cp in rows
        ],
        schema_overrides=dict.fromkeys(columns_of(view), pl.String),
    ).with_columns(pl.col("landed_on").str.to_date(), file=pl.lit("a.csv"), line=pl.lit(2))
    newest = newest_rows(landed, view).row(0, named=True)
    assert [newest[name] for name in ("id", "age", "chol", "cp", "thal")] == ["7", "50", "", "1", None]


def test_many_rows_land_as_the_files_that_they_came_in(nhanes: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the same rows written together or taken in as files, before and after upkeep; a date is replaced."""
    people = raw(nhanes, "DEMO")
    sugar = raw(nhanes, "GHB").join(people.head(30), on="SEQN", how="semi")
    found = []
    for together in (100_000, 5):
        monkeypatch.setattr(land, "TOGETHER", together)
        put(nhanes, FIRST, DEMO=people.head(30), GHB=sugar)
        land_alone(nhanes, FIRST)
        put(nhanes, SECOND, DEMO=people.head(30), GHB=sugar.head(8).with_columns(LBXGH=pl.lit("7.1")))
        land_alone(nhanes, SECOND)
        put(nhanes, SECOND, DEMO=people.head(1))
        land_alone(nhanes, SECOND)
        found.append(_texts(nhanes))
    store = nhanes.tables.landed.store
    assert isinstance(store, PartitionedTable)
    assert store.keep_up(dt.timedelta(days=400)) is not None
    for name, rows in found[0].items():
        assert rows.equals(found[1][name])
        assert rows.equals(_texts(nhanes)[name])
    assert found[0]["DEMO"].height == 31
    assert found[0]["GHB"].height == sugar.height


def test_rows_that_landed_as_json_are_read_beside_those_that_land_now(heart: Study) -> None:
    people = called(raw(heart), "901", "902").drop("thal")
    put(heart, SECOND, cleveland=people)
    land_alone(heart, SECOND)
    now = _texts(heart)["cleveland"].drop("landed_on")
    heart.tables.landed.remove(SECOND)
    shutil.rmtree(heart.tables.landed.folder)
    before = people.select(
        pl.lit("cleveland").alias("table"),
        pl.col("id").alias("person_id"),
        pl.lit("cleveland.csv").alias("file"),
        pl.Series("line", [2, 3]),
        pl.struct(pl.all()).struct.json_encode().alias("row"),
        pl.lit(dt.date.fromisoformat(FIRST)).alias("landed_on"),
        pl.lit("0" * 16).alias("run_id"),
    )
    heart.tables.landed.replace(FIRST, before)
    assert _texts(heart)["cleveland"].drop("landed_on").equals(now)
    land_alone(heart, SECOND)
    assert _texts(heart)["cleveland"].drop("landed_on").equals(pl.concat([now, now]).sort("person_id"))


def _texts(study: Study) -> dict[str, pl.DataFrame]:
    """All that landed, by raw table."""
    columns = {name: columns_of(ModelView.of(model)) for name, model in study.contract.tables.items()}
    landed = study.tables.landed
    found = dict(landed.by_table(THIRD, columns, at_once=True))
    assert all(landed.until(THIRD, name, columns[name]).sort(*KEY).equals(found[name].sort(*KEY)) for name in columns)
    return {name: rows.sort(*KEY) for name, rows in found.items()}
