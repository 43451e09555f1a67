"""Good rows go on, every other row is kept with every reason, and no value is lost or shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.contract import Contract
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder

Write = Callable[..., Path]


def split(folder: Path, contract: Contract, **options: Any) -> StudyResult:
    return validate_folder(folder, contract, **options)


def reasons(result: StudyResult) -> list[tuple[Any, ...]]:
    """(table, line, person, [(column, rule)]) of every reject."""
    return [
        (row["table"], row["line"], row["person_id"], [(reason["column"], reason["rule"]) for reason in row["reasons"]])
        for row in result.rejects.rows(named=True)
    ]


def test_a_row_without_age_sex_or_key_is_rejected_with_every_reason(write: Write, mini: Contract) -> None:
    folder = write(
        DEMO=[
            {"SEQN": "90001"},
            {"SEQN": "90002", "RIDAGEYR": "twelve", "RIAGENDR": "", "INDFMPIR": "-1", "DMDMARTL": "Engaged"},
            {"SEQN": "", "RIDAGEYR": "40"},
            {"SEQN": "9x", "RIDAGEYR": "40.5"},
            {"SEQN": "90003", "RIDAGEYR": "5.397605346934028e-79"},
        ]
    )
    result = split(folder, mini)
    assert reasons(result) == [
        ("DEMO", 3, "90002", [
            ("RIAGENDR", "missing"), ("RIDAGEYR", "not_a_number"), ("DMDMARTL", "undeclared_code"),
            ("INDFMPIR", "out_of_range"),
        ]),
        ("DEMO", 4, None, [("SEQN", "missing")]),
        ("DEMO", 5, None, [("SEQN", "malformed_key"), ("RIDAGEYR", "not_an_integer")]),
    ]  # fmt: skip
    demo = result.tables["DEMO"]
    assert demo.valid["SEQN"].to_list() == ["90001", "90003"]
    assert demo.valid["RIDAGEYR"].to_list() == [40, 0]
    assert demo.nulled == {}, "what a rejected row would have had emptied is a reason there, not a count here"
    assert demo.rejected_by_rule == {
        "malformed_key": 1, "missing": 2, "not_a_number": 1, "not_an_integer": 1, "out_of_range": 1,
        "undeclared_code": 1,
    }  # fmt: skip
    raw = json.loads(result.rejects["row"][0])
    assert (raw["RIDAGEYR"], raw["DMDMARTL"], raw["RIAGENDR"]) == ("twelve", "Engaged", "")


def test_implausible_values_are_emptied_and_counted(write: Write, mini: Contract) -> None:
    values = [
        "120",
        "0",
        "49",
        "301",
        "x",
        "120.5",
        "NaN",
        "inf",
        "1e300",
        "5.397605346934028e-79",
        " 130 ",
        "131.0000000001",
    ]
    folder = write(BPX=[{"SEQN": str(90_000 + i), "BPXSY1": value} for i, value in enumerate(values)])
    table = split(folder, mini).tables["BPX"]
    assert table.valid["BPXSY1"].to_list() == [120, *[None] * 9, 130, 131]
    assert table.nulled == {
        "BPXSY1": {"not_a_number": 3, "not_an_integer": 1, "out_of_range": 4, "undeclared_sas_zero": 1}
    }
    assert table.n_rejected == 0


def test_an_infinite_or_missing_number_of_a_parquet_file_is_no_number(write: Write, mini: Contract) -> None:
    folder = write(BPX=[{"SEQN": "90001"}])
    blank = pl.read_csv(folder / "BPX.csv", infer_schema=False)
    (folder / "BPX.csv").unlink()
    values = pl.Series("BPXSY1", [float("nan")])
    blank.with_columns(values, SEQN=pl.lit(90001), BPXPLS=pl.lit(float("inf"))).write_parquet(folder / "BPX.parquet")
    table = split(folder, mini).tables["BPX"]
    assert table.valid["SEQN"].to_list() == ["90001"]
    assert table.valid["BPXSY1"].to_list() == [None]
    assert table.nulled == {"BPXPLS": {"not_a_number": 1}}


def test_special_codes_bounds_and_times(write: Write, mini: Contract) -> None:
    folder = write(
        DIQ=[
            {"SEQN": "90001", "DIQ010": "1.0", "DID040": "666", "DIQ175A": "Family history", "DIQ280": "999.0"},
            {"SEQN": "90002", "DIQ010": "Borderline", "DID040": "80", "DIQ175A": "10", "DIQ050": "2"},
        ],
        SLQ=[
            {"SEQN": "90001", "SLQ300": "b'23:30'", "SLQ310": "7:05"},
            {"SEQN": "90002", "SLQ300": "b''", "SLQ310": "b'99999'"},
            {"SEQN": "90003", "SLQ300": "24:00", "SLQ310": "77777"},
        ],
        DBQ=[{"SEQN": "90001", "DBD895": "5555", "DBD900": "5.397605346934028e-79", "DBD030": "0", "DBQ223B": "11.0"}],
    )
    tables = split(folder, mini).tables
    diq = tables["DIQ"].valid
    assert diq["DIQ010"].to_list() == ["Yes", "Borderline"]
    assert diq["DID040"].to_list() == [0, 80]
    assert diq["DIQ175A"].to_list() == [1, None]
    assert tables["DIQ"].nulled == {
        "DIQ175A": {"undeclared_code": 1}, "DIQ050": {"undeclared_code": 1}, "DIQ280": {"dont_know": 1},
    }  # fmt: skip
    assert tables["SLQ"].valid["SLQ300"].to_list() == [23 * 60 + 30, None, None]
    assert tables["SLQ"].valid["SLQ310"].to_list() == [7 * 60 + 5, None, None]
    assert tables["SLQ"].nulled == {"SLQ300": {"not_a_time": 1}, "SLQ310": {"dont_know": 1, "refused": 1}}
    meals = tables["DBQ"].valid.row(0, named=True)
    assert (meals["DBD895"], meals["DBD900"], meals["DBD030"], meals["DBQ223B"]) == (22, 0, None, 1)
    assert tables["DBQ"].recoded == {"DBD895": {"coded_bound": 1}, "DBD900": {"sas_zero": 1}}


def test_rules_across_columns_empty_what_contradicts(write: Write, mini: Contract) -> None:
    folder = write(
        DEMO=[
            {"SEQN": "90001", "DMDHHSIZ": "2", "DMDFMSIZ": "4", "DMDHHSZA": "3 or more"},
            {"SEQN": "90002", "RIDAGEYR": "12", "DMDEDUC2": "Less than 9th grade", "RIDAGEMN": "20"},
            {"SEQN": "90003", "RIDAGEYR": "1", "RIDAGEMN": "20"},
        ],
        BPX=[
            {"SEQN": "90001", "BPXSY1": "80", "BPXDI1": "120", "BPXSY2": "120", "BPXDI2": "80"},
            # a pressure that cannot be says nothing about the other one
            {"SEQN": "90002", "BPXSY1": "20", "BPXDI1": "80"},
        ],
    )
    tables = split(folder, mini).tables
    assert tables["BPX"].nulled == {
        "BPXSY1": {"diastolic_below_systolic": 1, "out_of_range": 1},
        "BPXDI1": {"diastolic_below_systolic": 1},
    }
    assert tables["BPX"].valid["BPXDI1"].to_list() == [None, 80]
    assert tables["BPX"].valid["BPXSY2"].to_list() == [120, None]
    assert tables["DEMO"].nulled == {
        "RIDAGEMN": {"months_agree_with_years": 1},
        "DMDEDUC2": {"asked_at_this_age": 1},
        "DMDFMSIZ": {"family_within_household": 1},
        "DMDHHSZA": {"members_within_household": 1},
    }
    assert tables["DEMO"].valid["RIDAGEMN"].to_list() == [None, None, 20]


def test_rows_of_unknown_and_of_rejected_persons_are_rejected(write: Write, mini: Contract) -> None:
    folder = write(
        DEMO=[{"SEQN": "90001"}, {"SEQN": "90002", "RIDAGEYR": "200"}],
        DIQ=[{"SEQN": "90001"}, {"SEQN": "90002"}, {"SEQN": "90003"}, {"SEQN": "oops", "DIQ010": "1"}],
    )
    assert reasons(split(folder, mini)) == [
        ("DEMO", 3, "90002", [("RIDAGEYR", "out_of_range")]),
        ("DIQ", 3, "90002", [("SEQN", "person_rejected")]),
        ("DIQ", 4, "90003", [("SEQN", "unknown_person")]),
        ("DIQ", 5, None, [("SEQN", "malformed_key")]),
    ]


def test_rows_with_too_few_or_too_many_fields_are_rejects_at_their_line(write: Write, mini: Contract) -> None:
    folder = write(
        DIQ=[{"SEQN": "90001", "DIQ010": "1"}, {"SEQN": "90002"}], DEMO=[{"SEQN": f"9000{i}"} for i in range(5)]
    )
    with (folder / "DIQ.csv").open("a") as file:
        file.write('90003,"two\nlines"\n\n90004,1,2,3,4,5,6,7,8,9\n90000,0,,,,,,,\n99999,0,,,,,,,\n')
    result = split(folder, mini)
    assert reasons(result) == [
        ("DIQ", 4, "90003", [(None, "too_few_fields")]),
        ("DIQ", 7, "90004", [(None, "too_many_fields")]),
        ("DIQ", 9, "99999", [("SEQN", "unknown_person")]),
    ]
    assert [json.loads(row) for row in result.rejects["row"][:2]] == [
        {"SEQN": "90003", "DIQ010": "two\nlines"},
        {
            "SEQN": "90004", "DIQ010": "1", "DID040": "2", "DIQ160": "3", "DIQ170": "4", "DIQ175A": "5", "DIQ050": "6",
            "DIQ070": "7", "DIQ280": "8", "field 10": "9",
        },
    ]  # fmt: skip
    assert result.tables["DIQ"].n_rows == 6
    assert result.tables["DIQ"].valid["SEQN"].to_list() == ["90001", "90002", "90000"]


def test_a_person_in_a_broken_row_is_a_rejected_person(write: Write, mini: Contract) -> None:
    folder = write(DEMO=[{"SEQN": "90001"}], DIQ=[{"SEQN": "90001"}, {"SEQN": "90002"}])
    with (folder / "DEMO.csv").open("a") as file:
        file.write("90002,Female\n")
    assert reasons(split(folder, mini)) == [
        ("DEMO", 3, "90002", [(None, "too_few_fields")]),
        ("DIQ", 3, "90002", [("SEQN", "person_rejected")]),
    ]


def test_labels_may_be_absent_at_scoring(write: Write, mini: Contract) -> None:
    folder = write(BPX=[{"SEQN": "90001", "BPXPLS": "60"}])
    pl.read_csv(folder / "BPX.csv", infer_schema=False).drop("BPXSY1", "BPXDI1").write_csv(folder / "BPX.csv")
    for table in ("DIQ", "SLQ"):
        (folder / f"{table}.csv").unlink()
    with pytest.raises(ValueError, match="the table SLQ is missing"):
        split(folder, mini, optional_columns=["BPX.BPXSY1", "BPX.BPXDI1", "DIQ.*"])
    mini = replace(mini, optional=frozenset({"SLQ"}))
    result = split(folder, mini, optional_columns=["BPX.BPXSY1", "BPX.BPXDI1", "DIQ.*"], scoring=True)
    assert result.absent == ("SLQ", "DIQ")
    assert result.tables["DIQ"].file is None
    assert result.tables["BPX"].valid.row(0, named=True)["BPXSY1"] is None
    for name, model in mini.tables.items():
        model.validate(result.tables[name].valid, lazy=True)
    with pytest.raises(ValueError, match="BPXSY1, BPXDI1 are missing"):
        split(folder, replace(mini, optional=frozenset({"SLQ", "DIQ"})), scoring=True)
    with pytest.raises(ValueError, match="the table SLQ is missing"):  # in training no table is optional
        split(folder, mini, optional_columns=["BPX.BPXSY1", "BPX.BPXDI1", "DIQ.*"])
    with pytest.raises(ValueError, match=r"DIQ\.DIQ999 matches no column"):
        split(folder, mini, optional_columns=["DIQ.DIQ999"])
    with pytest.raises(ValueError, match=r"DEMO\.RIDAGEYR is required"):
        split(folder, mini, optional_columns=["DEMO.RIDAGEYR"])


def test_the_summary_is_plain_and_in_a_fixed_order(write: Write, mini: Contract) -> None:
    folder = write(BPX=[{"SEQN": "90001", "BPXSY1": "1", "BPXPLS": "secret"}])
    summary = split(folder, mini).summary()
    assert list(summary["tables"]) == list(mini.tables)
    blank = [name for name in mini.tables["BPX"].to_schema().columns if name not in ("SEQN", "BPXSY1", "BPXPLS")]
    assert summary["tables"]["BPX"] == {
        "n_rows": 1, "n_valid": 1, "n_rejected": 0,
        "rejected_by_rule": {}, "rejected_by_column_and_rule": {},
        "nulled_by_column_and_rule": {"BPXPLS": {"not_a_number": 1}, "BPXSY1": {"out_of_range": 1}},
        "recoded_by_column_and_rule": {},
        "broken_by_column": {"BPXPLS": 1, "BPXSY1": 1},
        "empty_by_column": dict.fromkeys(blank, 1),
        "looks_by_column": {"BPXPLS": {"text": 1}},
        "absent_columns": [],
    }  # fmt: skip
    assert "secret" not in json.dumps(summary)


def test_no_row_shows_when_a_result_is_printed(write: Write, mini: Contract) -> None:
    result = split(write(DEMO=[{"SEQN": "91919", "RIDAGEYR": "77"}, {"SEQN": "92929", "RIDAGEYR": "secret"}]), mini)
    assert "91919" not in repr(result)
    assert "92929" not in repr(result)
    assert "secret" not in repr(result)
