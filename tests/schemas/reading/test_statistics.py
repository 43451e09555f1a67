"""A file of Stata, SPSS or SAS gives the rows, rejects and counts that the CSV of the same table gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyreadstat
import pytest

from schemas.contract import Contract, load_contract
from schemas.faults import TableFault
from schemas.fields import Table, binary, category, integer, number, person_key, score
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder

CASES = Path(__file__).parents[2] / "cases"
FORMS = ["sav", "zsav", "dta", "dta10", "xpt5", "xpt8"]


def write(frame: pd.DataFrame, folder: Path, table: str, form: str, **options: Any) -> Path:
    path = folder / f"{table}.{'sav' if form == 'zsav' else form.rstrip('0123456789')}"
    if form in ("sav", "zsav"):
        pyreadstat.write_sav(frame, path, compress=form == "zsav", **options)
    elif form.startswith("dta"):
        pyreadstat.write_dta(frame, path, version=int(form[3:] or 15), **options)
    else:
        pyreadstat.write_xport(frame, path, file_format_version=int(form[3:]), **options)
    return path


@pytest.fixture(scope="module")
def cleveland(raw: Callable[[str], Path]) -> pl.DataFrame:
    """The sample, and what a delivery may hold beside it: another person's age, a code, decimals of a whole number."""
    frame = pl.read_csv(raw("heart") / "cleveland.csv", infer_schema_length=None).cast(pl.Float64)
    row = pl.int_range(pl.len())
    return frame.with_columns(
        age=pl.when(row == 7).then(190).otherwise("age"),
        cp=pl.when(row == 8).then(7).otherwise("cp"),
        chol=pl.when(row == 9).then(210.5).otherwise("chol"),
        sex=pl.when(row == 10).then(None).otherwise("sex"),
    )


def as_csv(frame: pl.DataFrame, folder: Path) -> StudyResult:
    folder.mkdir()
    whole = [pl.col(name).cast(pl.Int64) for name in frame.columns if (frame[name] % 1).drop_nulls().sum() == 0]
    frame.with_columns(whole).write_csv(folder / "cleveland.csv")
    return validate_folder(folder, load_contract("heart"))


@pytest.mark.parametrize("form", FORMS)
def test_the_same_as_from_csv(cleveland: pl.DataFrame, tmp_path: Path, form: str) -> None:
    expected = as_csv(cleveland, tmp_path / "csv").tables["cleveland"]
    (tmp_path / "package").mkdir()
    path = write(cleveland.to_pandas(), tmp_path / "package", "cleveland", form)
    table = validate_folder(tmp_path / "package", load_contract("heart")).tables["cleveland"]
    assert (expected.n_rows, expected.n_rejected) == (303, 2)
    assert table.valid.equals(expected.valid)
    assert table.summary() == expected.summary()
    assert table.rejects.drop("file", "line", "row").equals(expected.rejects.drop("file", "line", "row"))
    # a row is counted from the first one, a line from the header
    assert table.rejects["line"].to_list() == [line - 1 for line in expected.rejects["line"]]
    assert set(table.rejects["file"]) == {path.name}
    ages = table.rejects["row"].str.json_path_match("$.age").to_list()
    assert ages == expected.rejects["row"].str.json_path_match("$.age").to_list()


class People(Table):
    """People."""

    id: str = person_key("Key")
    sex: pl.Enum = category("Sex", {"0": "Female", "1": "Male"})
    edu: pl.Enum = category("Education", ("Less than high school", "High school"), special={"Don't know": "dont_know"})
    smokes: pl.Int8 = binary("Smokes", yes=("Yes",), no=("No",))
    mood: int = score("Mood", {0: "Never", 1: "Often"})
    bp: int = integer("Pressure", unit="mmHg", low=50, high=300, special={777: "refused"})
    kg: float = number("Weight", unit="kg", low=1, high=300)


CONTRACT = Contract(study="people", tables={"people": People}, person_table="people", person_key="id")
LABELS: Mapping[str, Mapping[Any, str]] = {
    "sex": {1: "male", 2: "Female"},  # 1 is a code of the contract, 2 is known by what it is called
    "edu": {1: "Less than high school", 2: "High School", 9: "Don’t know"},
    "smokes": {1: "Yes", 2: "No"},
    "mood": {1: "Often", 5: "Never", 6: "Sometimes"},
    "bp": {777: "Refused", 888: "Not done"},
}
VALUES = {
    "id": [1, 2, 3], "sex": [1, 2, 2], "edu": [1, 2, 9], "smokes": [1, 2, 2], "mood": [1, 5, 6],
    "bp": [120, 777, 888], "kg": [70.5, 99, 0.1 + 0.2],
}  # fmt: skip


def people(folder: Path, form: str, **options: Any) -> Any:
    write(pd.DataFrame(VALUES), folder, "people", form, **options)
    return validate_folder(folder, CONTRACT).tables["people"]


@pytest.mark.parametrize("form", ["sav", "dta"])
def test_a_code_is_read_as_the_contract_knows_it_or_its_label(tmp_path: Path, form: str) -> None:
    table = people(tmp_path, form, variable_value_labels=LABELS)
    assert table.valid["sex"].to_list() == ["Male", "Female", "Female"]
    assert table.valid["edu"].to_list() == ["Less than high school", "High school", None]
    assert table.valid["smokes"].to_list() == [1, 0, 0]
    assert table.valid["mood"].to_list() == [1, 0, None]
    assert table.valid["bp"].to_list() == [120, None, None]
    assert table.nulled == {
        "edu": {"dont_know": 1}, "mood": {"undeclared_code": 1}, "bp": {"out_of_range": 1, "refused": 1},
        "kg": {"out_of_range": 1},
    }  # fmt: skip


@pytest.mark.parametrize("labels", [{"sex": {0: "Male", 1: "Female"}}, {"smokes": {1: "No", 2: "Yes"}}])
def test_labels_that_contradict_the_contract_stop_the_table(tmp_path: Path, labels: dict[str, dict[int, str]]) -> None:
    with pytest.raises(TableFault) as caught:
        people(tmp_path, "sav", variable_value_labels=labels)
    assert str(caught.value) == (
        f"people.sav: the value labels of {next(iter(labels))} say otherwise than the contract of people what a code "
        "stands for; mend whichever is wrong"
    )


def test_what_spss_declares_missing_is_empty_unless_the_contract_knows_its_code(tmp_path: Path) -> None:
    missing = {"bp": [777, 888], "kg": [{"lo": 90, "hi": 99}], "sex": [1]}
    table = people(tmp_path, "sav", missing_ranges=missing, variable_value_labels=LABELS)
    assert table.nulled["bp"] == {"refused": 1}
    assert table.empty == {"bp": 1, "kg": 1}
    assert table.valid["sex"].to_list() == ["Male", "Female", "Female"]


def test_letters_for_missing_are_empty_unless_the_contract_knows_their_label(tmp_path: Path) -> None:
    frame = pd.DataFrame({**VALUES, "bp": pd.Series(["a", 120.0, "b"], dtype=object), "edu": ["c", 1, 2]}, dtype=object)
    frame = frame.astype({name: float for name in frame.columns if name not in ("bp", "edu")})
    labels = {**LABELS, "bp": {"a": "Refused"}, "edu": {**LABELS["edu"], "c": "Don't know"}}
    pyreadstat.write_dta(
        frame, tmp_path / "people.dta", variable_value_labels=labels,
        missing_user_values={"bp": ["a", "b"], "edu": ["c"]},
    )  # fmt: skip
    table = validate_folder(tmp_path, CONTRACT).tables["people"]
    assert table.valid["bp"].to_list() == [None, 120, None]
    assert (table.nulled["bp"], table.empty["bp"]) == ({"refused": 1}, 1)
    assert table.nulled["edu"] == {"dont_know": 1}


def test_sas_and_spss_know_no_case_of_names(tmp_path: Path) -> None:
    write(pd.DataFrame(VALUES).rename(columns=str.upper), tmp_path, "people", "xpt5")
    (tmp_path / "people.xpt").rename(tmp_path / "people.XPT")
    assert validate_folder(tmp_path, CONTRACT).tables["people"].n_valid == 3
    (tmp_path / "people.XPT").unlink()
    write(pd.DataFrame(VALUES).rename(columns=str.upper), tmp_path, "people", "dta")
    with pytest.raises(TableFault, match=r"people.dta: the header has ID for id, SEX for sex"):
        validate_folder(tmp_path, CONTRACT)


def test_two_forms_of_one_table_are_a_fault(tmp_path: Path) -> None:
    path = write(pd.DataFrame(VALUES), tmp_path, "people", "xpt5")
    path.with_suffix(".XPT").write_bytes(path.read_bytes())
    with pytest.raises(
        TableFault, match=r"people: there are both people.XPT and people.xpt; keep the one that is right"
    ):
        validate_folder(tmp_path, CONTRACT)


def test_parts_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    for place in range(3):
        write(
            pd.DataFrame(VALUES).iloc[place : place + 1], folder, f"part-{place}", "sav", variable_value_labels=LABELS
        )
    table = validate_folder(tmp_path, CONTRACT).tables["people"]
    assert table.valid["sex"].to_list() == ["Male", "Female", "Female"]
    (folder / "part-3.csv").write_text("id\n")
    with pytest.raises(TableFault, match="people holds parts in CSV and in SPSS; keep the ones that are right"):
        validate_folder(tmp_path, CONTRACT)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_cut_off_is_refused(cleveland: pl.DataFrame, tmp_path: Path, form: str) -> None:
    path = write(cleveland.to_pandas(), tmp_path, "cleveland", form)
    whole = path.read_bytes()
    step = len(whole) // 12
    for end in [*range(step, len(whole) - 200, step), len(whole) - 100, len(whole) - 1]:
        path.write_bytes(whole[:end])
        with pytest.raises(
            TableFault, match=rf"^{path.name} is (cut off|no .* file, or a damaged or cut off one): deliver it again$"
        ):
            validate_folder(tmp_path, load_contract("heart"))


@pytest.mark.parametrize("suffix", ["sav", "dta", "xpt", "sas7bdat"])
def test_another_file_under_its_name_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"people.{suffix}"
    path.write_text("id,sex\n1,Anna Mueller\n")
    with pytest.raises(TableFault) as caught:
        validate_folder(tmp_path, CONTRACT)
    assert "a damaged or cut off one: deliver it again" in str(caught.value)
    assert "Anna" not in str(caught.value)


def test_a_transport_file_of_two_data_sets_is_refused(tmp_path: Path) -> None:
    path = write(pd.DataFrame(VALUES), tmp_path, "people", "xpt5")
    data = path.read_bytes()
    path.write_bytes(data + data[data.index(b"HEADER RECORD*******MEMBER") :])
    with pytest.raises(
        TableFault, match=r"people.xpt holds more than one data set: export each into a file of its own"
    ):
        validate_folder(tmp_path, CONTRACT)


def test_dates_where_the_contract_knows_none_are_refused_as_from_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES).assign(bp=pd.to_datetime(["2020-01-01"] * 3).date)
    write(frame, tmp_path, "people", "sav")
    with pytest.raises(
        TableFault, match=r"people.sav: the column bp holds dates \(Date\), which the contract of people"
    ):
        validate_folder(tmp_path, CONTRACT)


def test_a_float_of_four_bytes_has_no_noise(tmp_path: Path) -> None:
    frame = pd.DataFrame({**VALUES, "kg": pd.Series([70.1, 0.1, 1e-5], dtype="float32") + 1})
    frame.to_stata(tmp_path / "people.dta", write_index=False)
    assert validate_folder(tmp_path, CONTRACT).tables["people"].valid["kg"].to_list() == [71.1, 1.1, 1.00001]


def test_letters_of_an_old_file_are_read_as_windows_wrote_them(tmp_path: Path) -> None:
    names = pd.DataFrame({**VALUES, "edu": ["High school", "Höchste?", "High school"]})
    path = write(names, tmp_path, "people", "xpt5")
    path.write_bytes(path.read_bytes().replace("Höchste?".encode(), "Höchste? ".encode("cp1252")))
    table = validate_folder(tmp_path, CONTRACT).tables["people"]
    assert (table.n_valid, table.looks["edu"]["undeclared_label"]) == (3, 1)


class Visits(Table):
    """Visits."""

    id: str = person_key("Key")
    sex: pl.Enum = category("Sex", ("Female", "Male"))
    weight: float = number("Weight", unit="kg", low=1, high=300, special={".A": "refused"})


def test_a_data_set_of_sas() -> None:
    contract = Contract(study="visits", tables={"visits": Visits}, person_table="visits", person_key="id")
    with pytest.raises(TableFault, match="the columns number 4, number 5 are not in the contract of visits"):
        validate_folder(CASES / "sas", contract)

    class Whole(Visits):
        born: int = integer("Born", low=0, high=1)
        bed: int = integer("Bed", low=0, high=1)

    contract = Contract(study="visits", tables={"visits": Whole}, person_table="visits", person_key="id")
    with pytest.raises(TableFault, match=r"the column born holds dates \(Date\), bed holds times of day \(Time\)"):
        validate_folder(CASES / "sas", contract)
