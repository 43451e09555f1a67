"""The real studies keep their contracts, with the counts that their dictionaries publish."""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import load_contract
from schemas.describe import describe
from schemas.fields import ModelView, categories
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder


def records(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_nhanes_has_the_rows_of_its_index_and_rejects_none(nhanes: StudyResult, raw: Callable[[str], Path]) -> None:
    index = {record["table"]: int(record["rows"]) for record in records(raw("nhanes") / "tables.csv")}
    assert {name: table.n_rows for name, table in nhanes.tables.items()} == index
    assert sum(index.values()) == 162_830
    assert all(table.n_valid == table.n_rows and table.n_rejected == 0 for table in nhanes.tables.values())


def test_nhanes_models_declare_the_dictionary_and_nothing_else(raw: Callable[[str], Path]) -> None:
    declared = {
        (table, column)
        for table, model in load_contract("nhanes").tables.items()
        for column in ModelView.of(model).rules
        if column != "SEQN"
    }
    assert declared == {(record["table"], record["variable"]) for record in records(raw("nhanes") / "dictionary.csv")}


def test_every_cell_of_nhanes_is_kept_or_counted(nhanes: StudyResult, raw: Callable[[str], Path]) -> None:
    """Non-missing values in the dictionary = values that went on + values that were emptied by a rule."""
    blanks_in_text = {"SLQ300": "b''", "SLQ310": "b''"}
    for record in records(raw("nhanes") / "dictionary.csv"):
        table, column = nhanes.tables[record["table"]], record["variable"]
        kept = table.valid[column].len() - table.valid[column].null_count()
        emptied = sum(table.nulled.get(column, {}).values())
        source = int(record["n_nonmissing"])
        if column in blanks_in_text:
            text = pl.read_parquet(raw("nhanes") / "SLQ.parquet", columns=[column])[column]
            source -= int((text == blanks_in_text[column]).sum())
        assert kept + emptied == source, column


@pytest.mark.parametrize(
    ("column", "rule", "count"),
    [
        ("WHQ.WHD020", "dont_know", 96),
        ("WHQ.WHD020", "refused", 8),
        ("DIQ.DIQ280", "dont_know", 241),
        ("BPX.BPXDI1", "failed_reading", 134),
        ("DEMO.DMDEDUC2", "dont_know", 10),
        ("MCQ.MCQ230A", "dont_know", 12),
        ("SMQ.SMD030", "never_regularly", 57),
        ("SLQ.SLQ300", "dont_know", 33),
        ("DBQ.DBD895", "refused", 1),
    ],
)
def test_special_codes_are_emptied_and_counted(nhanes: StudyResult, column: str, rule: str, count: int) -> None:
    table, name = column.split(".")
    assert nhanes.tables[table].nulled[name][rule] == count


def test_nothing_in_nhanes_breaks_a_range_or_a_rule_across_columns(nhanes: StudyResult) -> None:
    """What was emptied are declared answers: no rule destroys a real value."""
    rules = {rule for table in nhanes.tables.values() for counts in table.nulled.values() for rule in counts}
    assert rules == {
        "refused", "dont_know", "failed_reading", "never", "never_regularly", "still_breastfed", "still_on_formula",
    }  # fmt: skip


def test_zeros_and_bounds_are_read_as_what_they_stand_for(nhanes: StudyResult) -> None:
    diet = nhanes.tables["DR1TOT"]
    assert diet.recoded["DR1TALCO"] == {"sas_zero": 6282}
    assert (diet.valid["DR1TALCO"] == 0).sum() == 6282
    assert nhanes.tables["DBQ"].recoded["DBD895"] == {"coded_bound": 4, "sas_zero": 1873}
    assert nhanes.tables["DBQ"].valid["DBD895"].max() == 22
    assert (nhanes.tables["DEMO"].valid["DMDHHSIZ"] == 7).sum() == 657
    numbers = [series for table in nhanes.tables.values() for series in table.valid if series.dtype.is_float()]
    assert not any(((series > 0) & (series < 1e-9)).any() or series.is_nan().any() for series in numbers)


def test_binary_noise_is_rounded_away(nhanes: StudyResult) -> None:
    protein = nhanes.tables["DR1TOT"].valid["DR1TPROT"].drop_nulls()
    assert max(len(repr(value).split(".")[1]) for value in protein) == 2


def test_mixed_text_and_numbers_are_read(nhanes: StudyResult) -> None:
    assert dict(nhanes.tables["DIQ"].valid["DIQ010"].drop_nulls().value_counts().rows()) == {
        "No": 7334, "Borderline": 175, "Yes": 853,
    }  # fmt: skip
    assert nhanes.tables["DBQ"].valid["DBQ424"].drop_nulls().len() == 463 + 300 + 582
    assert nhanes.tables["DEMO"].valid["DMQMILIZ"].sum() == 527


def test_times_are_minutes_after_midnight(nhanes: StudyResult) -> None:
    sleep = nhanes.tables["SLQ"].valid
    assert sleep.filter(pl.col("SEQN") == "93706")["SLQ300"].item() == 23 * 60 + 30
    assert sleep["SLQ310"].is_between(0, 1439).all()


def test_categories_are_clean_and_in_order() -> None:
    tables = load_contract("nhanes").tables
    assert categories(tables["HSQ"], "HSD010") == ("Excellent", "Very good", "Good", "Fair", "Poor")
    assert categories(load_contract("heart").tables["cleveland"], "thal") == (
        "normal", "fixed defect", "reversible defect",
    )  # fmt: skip
    every = [
        name
        for model in tables.values()
        for column, dtype in ModelView.of(model).dtypes.items()
        if isinstance(dtype, pl.Enum)
        for name in categories(model, column)
    ]
    assert len(every) > 100
    assert not [name for name in every if set(name) & set("{}?;") or name != name.strip()]
    with pytest.raises(KeyError, match="no category column BMXWT"):
        categories(tables["BMX"], "BMXWT")


def test_heart_has_its_counts(heart: StudyResult) -> None:
    table = heart.tables["cleveland"]
    assert (table.n_rows, table.n_valid) == (303, 303)
    assert dict(table.valid["thal"].drop_nulls().value_counts().rows()) == {
        "normal": 166, "fixed defect": 18, "reversible defect": 117,
    }  # fmt: skip
    assert table.valid["ca"].null_count() == 4
    assert table.valid["target"].sum() == 139


def test_what_goes_on_keeps_the_contract_again(nhanes: StudyResult, heart: StudyResult) -> None:
    for result in (nhanes, heart):
        for name, model in load_contract(result.study).tables.items():
            model.validate(result.tables[name].valid, lazy=True)


def test_validation_is_repeatable_and_independent_of_the_file_format(
    nhanes: StudyResult, raw: Callable[[str], Path], tmp_path: Path
) -> None:
    """The same tables with CSV and Parquet swapped give the same rows."""
    source = raw("nhanes")
    for table in load_contract("nhanes").tables:
        if (source / f"{table}.csv").exists():
            pl.read_csv(source / f"{table}.csv", infer_schema_length=None).write_parquet(tmp_path / f"{table}.parquet")
        else:
            pl.read_parquet(source / f"{table}.parquet").write_csv(tmp_path / f"{table}.csv")
    swapped = validate_folder(tmp_path, load_contract("nhanes"))
    for name, table in nhanes.tables.items():
        assert swapped.tables[name].valid.equals(table.valid), name
    assert swapped.summary() == nhanes.summary()


def test_nhanes_is_validated_in_seconds(raw: Callable[[str], Path]) -> None:
    start = time.process_time()
    validate_folder(raw("nhanes"), load_contract("nhanes"))
    assert time.process_time() - start < 12  # 2 s on an idle core; the slack is for a busy machine


def test_an_unknown_study_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown study 'framingham'"):
        load_contract("framingham")
    with pytest.raises(ValueError, match="schemas/fields has no CONTRACT: give it one, or the study another name"):
        load_contract("fields")


def test_the_data_dictionary_covers_every_column() -> None:
    contract = load_contract("nhanes")
    dictionary = describe(contract)
    assert dictionary.height == 197 + 24
    row = dictionary.row(by_predicate=(pl.col("column") == "BPXDI1"), named=True)
    assert row["unit"] == "mmHg"
    assert row["special_codes"] == "0 failed_reading"
    assert row["across"].startswith("diastolic_below_systolic")
    assert dictionary.filter((pl.col("title") == "") | (pl.col("privacy") == "")).is_empty()
    assert set(dictionary.filter(pl.col("privacy") == "identifier")["column"]) == {"SEQN"}
