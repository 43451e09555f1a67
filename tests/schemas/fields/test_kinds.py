"""Every kind of field keeps what the machinery relies on, and a new one needs no edit elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pandera.polars as pa
import polars as pl
import pytest

import schemas.fields
from schemas.contract import Contract
from schemas.describe import describe, dictionary
from schemas.faults import TableFault
from schemas.fields import KINDS, ModelView, Rules, Table, person_key
from schemas.fields.cells import first_rule, mapped
from schemas.splitting.results import TableResult
from schemas.splitting.study import validate_folder

# a column of each kind, a good cell with its value, and a broken one with the rule that it breaks
EXAMPLES: dict[str, tuple[dict[str, Any], str, Any, str, str]] = {
    "person_key": ({}, "17", "17", "A17", "malformed_key"),
    "number": ({"unit": "kg", "low": 0, "high": 9}, "1.50", 1.5, "ten", "not_a_number"),
    "integer": ({"low": 0, "high": 9}, "2.0", 2, "2.5", "not_an_integer"),
    "category": ({"labels": {"1": "Low", "2": "High"}}, "2.0", "High", "3", "undeclared_code"),
    "binary": ({"yes": ("Y",)}, "Y", 1, "2", "undeclared_code"),
    "flag": ({"code": "A"}, "A", 1, "B", "undeclared_code"),
    "time_of_day": ({}, "23:30", 1410, "24:00", "not_a_time"),
}


def rules_of(kind: str) -> Rules:
    options = EXAMPLES[kind][0]
    rules = getattr(schemas.fields, kind)("A title", **options).properties["metadata"]["rules"]
    assert isinstance(rules, Rules)
    return rules


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_whole(kind: str) -> None:
    rules = rules_of(kind)
    assert type(rules) is KINDS[kind]
    assert rules.kind == kind
    assert (type(rules).__doc__ or "").strip()
    assert rules.words
    assert rules.values()
    assert get_type_hints(type(rules).parse)["return"] is pl.DataFrame


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_reads_and_refuses(kind: str) -> None:
    _, good, value, bad, rule = EXAMPLES[kind]
    rules = rules_of(kind)
    parsed = rules.parse(pl.DataFrame({"text": [good, bad, None]}))
    assert parsed.columns == ["value", "rule"]
    assert parsed["value"].to_list() == [value, None, None]
    assert parsed["rule"].to_list()[1:] == [rule, None]
    assert rule in rules.faults or rules.is_key
    assert not set(rules.faults) & set(rules.recoded)


@pytest.mark.parametrize("kind", KINDS)
def test_looks_run_on_any_text(kind: str) -> None:
    text = pl.DataFrame({"text": ["1,5", "a", "", "2020-01-01", None]})
    for look, holds in rules_of(kind).looks():
        assert text.select(holds).to_series().dtype == pl.Boolean, look


def test_an_option_that_a_kind_does_not_have_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"^Sex: the kind category has no lables, decimals; it has title, name, unit, "
    ):
        schemas.fields.category("Sex", ("Male",), lables={}, decimals=1)


def test_a_column_is_annotated_with_the_dtype_of_its_kind() -> None:
    class Wrong(Table):
        id: str = person_key("Key")
        age: float = schemas.fields.integer("Age", low=0, high=120)

    with pytest.raises(ValueError, match="model Wrong: age is annotated as Float64, but the kind integer gives Int64"):
        ModelView.of(Wrong)


@dataclass(frozen=True, kw_only=True)
class Date(Rules):
    """A day, as ISO text."""

    first: dt.date
    last: dt.date

    kind = "date"
    words = "date"
    dtype = pl.Date
    faults = ("not_a_date", "out_of_range")
    stored = (pl.Date,)

    def checks(self) -> dict[str, Any]:
        return {"in_range": (self.first, self.last)}

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        return cells.with_columns(
            value=pl.col("text").str.to_date("%Y-%m-%d", strict=False),
            answer=mapped("text", self.special, pl.String),
        ).select("value", rule=first_rule("text", "not_a_date"))

    def values(self) -> str:
        return f"{self.first} to {self.last}"

    def looks(self) -> Iterator[tuple[str, pl.Expr]]:
        yield from ((look, holds) for look, holds in super().looks() if look != "date")
        yield "number_and_text", pl.col("text").str.contains(r"^\d+ \w+$")


def date(title: str, **options: Any) -> Any:
    return Date.declare(title=title, **options)


class Visits(Table):
    """Visits."""

    id: str = person_key("Key")
    seen: pl.Date = date(
        "Day of the visit", first=dt.date(2000, 1, 1), last=dt.date(2030, 12, 31), special={"unknown": "not_known"}
    )
    born: pl.Date = date(
        "Day of birth", first=dt.date(1900, 1, 1), last=dt.date(2030, 1, 1), on_failure="reject", nullable=False
    )


VISITS = Contract(study="visits", tables={"visits": Visits}, person_table="visits", person_key="id")
ROWS = """\
id,seen,born
1,2020-02-29,1950-05-02
2,2021-02-29,1950-05-02
3,1999-12-31,1950-05-02
4,unknown,1950-05-02
5,12 June,1950-05-02
6,,1850-05-02
7,2020-01-01,
"""


def check_visits(table: TableResult) -> None:
    assert table.valid.schema == {"id": pl.String, "seen": pl.Date, "born": pl.Date}
    assert table.valid["seen"].to_list() == [dt.date(2020, 2, 29), None, None, None, None]
    assert table.nulled == {"seen": {"not_a_date": 2, "not_known": 1, "out_of_range": 1}}
    assert table.broken == {"seen": 3}
    assert table.rejected_by_column_and_rule == {"born": {"missing": 1, "out_of_range": 1}}


def test_a_kind_of_a_study_of_its_own_needs_no_other_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "date", Date)
    (tmp_path / "visits.csv").write_text(ROWS)
    table = validate_folder(tmp_path, VISITS).tables["visits"]
    check_visits(table)
    assert table.looks == {"seen": {"number_and_text": 1}}
    said = describe(VISITS).filter(pl.col("column") == "seen").row(0, named=True)
    assert (said["kind"], said["values"], said["special_codes"]) == (
        "date", "2000-01-01 to 2030-12-31", "unknown not_known",
    )  # fmt: skip
    assert "| `seen` | Day of the visit | date |" in dictionary(VISITS)


def test_a_kind_says_in_which_types_a_parquet_file_may_store_it(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["1"], "seen": [dt.date(2020, 2, 29)], "born": [dt.date(1950, 5, 2)]})
    frame.write_parquet(tmp_path / "visits.parquet")
    assert validate_folder(tmp_path, VISITS).tables["visits"].valid.rows() == frame.rows()
    frame.with_columns(pl.col("seen").cast(pl.Datetime)).write_parquet(tmp_path / "visits.parquet")
    with pytest.raises(TableFault, match=r"visits.parquet: the column seen holds dates with a time \(Datetime\)"):
        validate_folder(tmp_path, VISITS)


def test_pandera_alone_checks_what_a_kind_declares() -> None:
    frame = pl.DataFrame(
        {"id": ["1"], "seen": [None], "born": [dt.date(1850, 1, 1)]}, schema=ModelView.of(Visits).dtypes
    )
    with pytest.raises(pa.errors.SchemaErrors):
        Visits.validate(frame, lazy=True)
