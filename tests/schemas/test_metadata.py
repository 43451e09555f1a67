"""What a file says of itself, and its cells as text, without a contract."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import polars as pl
import pyreadstat
import pytest

from schemas.faults import TableFault
from schemas.metadata import read_described, read_metadata
from schemas.reading.described import ColumnMetadata

LABELS = {"weight": "Weight (kg)", "code": "Ever smoked"}
VALUES = {"code": {1: "Yes", 2: "No", 9: "Refused"}}
TEXT = {
    "id": ["a", "Zoë", None],
    "weight": ["70", "0.3", None],
    "code": ["1", "9", "2"],
    "born": ["1950-05-02", None, "2020-02-29"],
    "bed": ["23:30:00", "00:00:01", None],
    "seen": ["2020-01-01T10:00:00", None, "1950-02-03T00:00:01"],
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["a", "Zoë", None],
            "weight": [70.0, 0.1 + 0.2, None],
            "code": [1, 9, 2],
            "born": [dt.date(1950, 5, 2), None, dt.date(2020, 2, 29)],
            "bed": [dt.time(23, 30), dt.time(0, 0, 1), None],
            "seen": pd.to_datetime(["2020-01-01 10:00:00", None, "1950-02-03 00:00:01"]),
        }
    )


def write(frame: pd.DataFrame, path: Path, form: str) -> Path:
    if form == "sav":
        pyreadstat.write_sav(
            frame, path, column_labels=LABELS, variable_value_labels=VALUES, missing_ranges={"code": [9]}
        )
    elif form == "dta":
        pyreadstat.write_dta(frame, path, column_labels=LABELS, variable_value_labels=VALUES)
    else:
        pyreadstat.write_xport(frame, path, column_labels=LABELS, file_format_version=int(form))
    return path


@pytest.mark.parametrize(("form", "suffix"), [("sav", "sav"), ("dta", "dta"), ("5", "xpt"), ("8", "xpt")])
def test_a_statistics_file_says_what_its_columns_are(
    frame: pd.DataFrame, tmp_path: Path, form: str, suffix: str
) -> None:
    metadata, text = read_described(write(frame, tmp_path / f"cohort.{suffix}", form))
    assert text.to_dict(as_series=False) == TEXT
    assert metadata.n_rows == 3
    assert [column.type for column in metadata.columns] == ["text", "number", "number", "date", "time", "datetime"]
    assert (metadata["weight"].label, metadata["weight"].unit) == ("Weight (kg)", "kg")
    assert (metadata["code"].label, metadata["code"].unit) == ("Ever smoked", "")
    labels = {} if suffix == "xpt" else {"1": "Yes", "2": "No", "9": "Refused"}
    assert dict(metadata["code"].value_labels) == labels
    assert metadata["code"].missing_codes == (("9",) if suffix == "sav" else ())


def test_missing_letters_of_stata_stand_as_they_are_shown_there(tmp_path: Path) -> None:
    frame = pd.DataFrame({"bp": pd.Series([120.0, "a", None, "b"], dtype=object)})
    pyreadstat.write_dta(
        frame,
        tmp_path / "t.dta",
        missing_user_values={"bp": ["a", "b"]},
        variable_value_labels={"bp": {"a": "Refused"}},
    )
    metadata, text = read_described(tmp_path / "t.dta")
    assert text["bp"].to_list() == ["120", ".a", None, ".b"]
    assert (metadata["bp"].type, metadata["bp"].missing_codes) == ("number", (".a", ".b"))
    assert dict(metadata["bp"].value_labels) == {".a": "Refused"}


def test_missing_ranges_of_spss(tmp_path: Path) -> None:
    frame = pd.DataFrame({"income": [1.0, 97.0], "word": ["x", "NA"]})
    pyreadstat.write_sav(
        frame, tmp_path / "t.sav", missing_ranges={"income": [{"lo": 97, "hi": 99}, 0], "word": ["NA"]}
    )
    metadata = read_metadata(tmp_path / "t.sav")
    assert (metadata["income"].missing_ranges, metadata["income"].missing_codes) == (((97.0, 99.0),), ("0",))
    assert metadata["word"].missing_codes == ("NA",)


def test_csv_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,sample.yr,word\n1, 2.50 ,a\n2,,\n")
    metadata, text = read_described(tmp_path / "t.csv")
    assert text.rows() == [("1", "2.50", "a"), ("2", None, None)]
    assert [column.type for column in metadata.columns] == ["number", "number", "text"]
    text.with_columns(pl.col("id").cast(pl.Int32)).write_parquet(tmp_path / "t.parquet")
    assert read_metadata(tmp_path / "t.parquet").columns[0] == ColumnMetadata(name="id", type="number", storage="Int32")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a;b\n1;2\n", "t.csv has semicolons between its columns: write it with commas between them"),
        ("a,,b\n1,2,3\n", "t.csv: the column number 2 has no name; give it one, or take it out"),
        ("a,a\n1,2\n", "t.csv: the header names a column more than once; keep one of them"),
        ("a,b\n1\n", "t.csv: 1 rows have more or fewer fields than the header, the first on line 2; mend them"),
    ],
)
def test_a_csv_that_cannot_be_described(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(TableFault) as caught:
        read_metadata(tmp_path / "t.csv")
    assert str(caught.value) == sentence


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(TableFault, match=r"t\.xlsx does not end in \.csv, .* or \.xpt: save"):
        read_metadata(tmp_path / "t.xlsx")
