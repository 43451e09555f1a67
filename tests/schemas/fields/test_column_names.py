"""A column that is no name of Python goes by its real name everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import Contract
from schemas.describe import describe, dictionary
from schemas.faults import TableFault
from schemas.fields import ModelView, Table, across, category, integer, number, person_key
from schemas.limits.judgement import Limits, excesses
from schemas.patterns import covers
from schemas.splitting.study import validate_folder

NAMES = ["Patient-ID", "sample.yr", "lambda", "Resting BP", "BP [mmHg]", "größe|cm"]


class Visits(Table):
    """Visits."""

    patient: str = person_key("Key", name="Patient-ID")
    year: int = integer("Year of the sample", low=1990, high=2030, name="sample.yr", on_failure="reject")
    lambda_: float = number("Lambda", unit="1", low=0, high=1, name="lambda")
    bp: int = integer("Resting blood pressure", unit="mmHg", low=50, high=300, name="Resting BP")
    seated: int = integer("Seated blood pressure", unit="mmHg", low=50, high=300, name="BP [mmHg]")
    height: int = integer("Height", unit="cm", low=50, high=250, name="größe|cm")

    lower = across(
        "Resting BP",
        name="not_far_above_seated",
        why="resting lowers it",
        holds=pl.col("Resting BP") <= pl.col("BP [mmHg]") + 50,
    )


CONTRACT = Contract(study="visits", tables={"visits": Visits}, person_table="visits", person_key="Patient-ID")
ROWS = [
    ["1", "2001", "0.5", "120", "125", "170"],
    ["2", "1901", "0.5", "120", "125", "170"],
    ["3", "2001", "2", "200", "125", "high"],
]


@pytest.fixture(params=["csv", "parquet"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    frame = pl.DataFrame(ROWS, schema=NAMES, orient="row")
    (frame.write_csv if request.param == "csv" else frame.write_parquet)(tmp_path / f"visits.{request.param}")
    return tmp_path


def test_validation_speaks_of_the_real_names(folder: Path) -> None:
    table = validate_folder(folder, CONTRACT).tables["visits"]
    assert table.valid.columns == NAMES
    assert table.valid.rows() == [("1", 2001, 0.5, 120, 125, 170), ("3", 2001, None, None, 125, None)]
    assert table.rejected_by_column_and_rule == {"sample.yr": {"out_of_range": 1}}
    assert table.nulled == {
        "lambda": {"out_of_range": 1}, "Resting BP": {"not_far_above_seated": 1}, "größe|cm": {"not_a_number": 1},
    }  # fmt: skip
    assert json.loads(table.rejects["row"][0]) == dict(zip(NAMES, ROWS[1], strict=True))
    assert table.rejects["person_id"].to_list() == ["2"]


def test_the_dictionary_names_them(folder: Path) -> None:
    assert describe(CONTRACT)["column"].to_list() == NAMES
    page = dictionary(CONTRACT)
    for name in NAMES:
        assert f"| `{name}`".replace("e|c", "e\\|c") in page


@pytest.mark.parametrize("pattern", ["visits.sample.yr", "visits.BP [mmHg]", "visits.*", "visits.sample.*"])
def test_a_pattern_may_be_optional_or_exempt(folder: Path, pattern: str) -> None:
    for path in folder.iterdir():
        path.unlink()
    covered = [name for name in NAMES if covers(pattern, "visits", name)]
    assert covered
    kept = [name for name in NAMES if name not in covered or name == "Patient-ID"]
    pl.DataFrame(ROWS, schema=NAMES, orient="row").select(kept).write_csv(folder / "visits.csv")
    result = validate_folder(folder, CONTRACT, optional_columns=[pattern])
    assert list(result.tables["visits"].absent) == [name for name in covered if name != "Patient-ID"]


def test_a_limit_leaves_a_column_alone_by_its_name(tmp_path: Path) -> None:
    rows = [[str(key), "2001", "0.5", "120", "high", "170"] for key in range(20)]
    pl.DataFrame(rows, schema=NAMES, orient="row").write_csv(tmp_path / "visits.csv")
    summary = validate_folder(tmp_path, CONTRACT).summary()
    found = excesses(summary, CONTRACT, Limits())
    assert {excess.where for excess in found} == {"visits.BP [mmHg]"}
    assert excesses(summary, CONTRACT, Limits(exempt=("visits.BP [mmHg]",))) == ()


def test_a_header_is_held_against_the_real_names(tmp_path: Path) -> None:
    text = ",".join(NAMES).replace("sample.yr", "year").replace("Resting BP", "resting_bp") + "\n"
    (tmp_path / "visits.csv").write_text(text)
    with pytest.raises(TableFault, match="the header has resting_bp for Resting BP; name the columns as the contract"):
        validate_folder(tmp_path, CONTRACT)


@pytest.mark.parametrize("name", ["^a$", "*", " a", "a\n", "a\u200b"])
def test_a_name_that_no_file_can_be_asked_for_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Sex: "):
        category("Sex", ("Male",), name=name)


def test_two_columns_of_one_name_and_tables_with_a_dot_are_refused() -> None:
    class Twice(Table):
        id: str = person_key("Key")
        a: int = integer("A", low=0, high=1, name="x")
        b: int = integer("B", low=0, high=1, name="x")

    with pytest.raises(ValueError, match="model Twice: two columns have one name"):
        ModelView.of(Twice)
    with pytest.raises(ValueError, match=r"the table a.b has a dot in its name"):
        Contract(study="s", tables={"a.b": Visits}, person_table="a.b", person_key="Patient-ID")
