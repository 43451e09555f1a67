"""The split file: everything that is wrong with it at once, in counts and line numbers, and never a cell's text."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows.features.splits import SplitError, read_splits
from flows.project.settings import SplitSettings
from mtl_models.data.dataset import PERSON

FIXED = SplitSettings(file="split.csv", person="id", kind="fixed")
FOLDS = SplitSettings(file="split.csv", person="id", kind="folds")
PEOPLE = pl.DataFrame({PERSON: ["1", "2", "3", "4"]})
SECRET = "Mary_Smith"


def fault(folder: Path, settings: SplitSettings, text: str | bytes) -> str:
    path = folder / settings.file
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SplitError) as found:
        read_splits(folder, settings, PEOPLE)
    assert all(sentence.startswith("split.csv") for sentence in found.value.sentences)
    assert SECRET not in str(found.value)
    return "\n".join(found.value.sentences)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column id"),
        ("id,split\n", "no row below the header"),
        ("ID,split\n1,train\n", "the header has no column id, which split.person names; the nearest is 'ID'"),
        (f"1,train\n2,{SECRET}\n3,test\n", "the header has no column id, which split.person names"),
        ("id,part\n1,train\n2,valid\n3,test\n", "no column `split`"),
        ("id,split\n1,train\n2,valid\n3,test\n", "1 of 4 people of the cohort have no split: give each a part"),
        ("id,split\n01,train\n02,valid\n03,test\n", "4 of 4 people of the cohort have no split (none of them is in it"),
        (f"id,split\n1,train\n2,{SECRET}\n3,test\n4,valid\n", "line 3 does not hold one of the parts train, valid"),
        (f"id,split\n1,train\n2,{SECRET}\n3,\n4,valid\n", "2 rows, first line 3, do not hold one of the parts"),
        (
            f"id,split\n1,train\n2,valid,{SECRET}\n3,test\n4,train\n",
            "line 3 does not hold as many fields as the header",
        ),
        ("id,split\n1,train\n2,valid\n3,test\n4,train\n3,test\n", "a person stands there twice, again first in line 6"),
        ("id,split\n1,train\n2,valid\n3,test\n4,train\n,test\n", "line 6 does not hold a person"),
        ("id,split\n1,train\n2,train\n3,train\n4,train\n", "nobody is in the part valid or test"),
        (
            "id,split\n1,train\n2,train\n3,train\n4,test\n5,valid\n",
            "the part valid has nobody of the cohort: give it people",
        ),
        (b"id,split\n1,train\n2,\xff\n", "no CSV file in UTF-8"),
        (f'id,split\n1,train\n2,"{SECRET}\n', "no CSV file in UTF-8"),
    ],
)
def test_a_fixed_split_at_fault(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in fault(tmp_path, FIXED, text)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["0", "1", "2", SECRET], "repeat0: line 5 does not hold a whole number from 0"),
        (["0", "1", "2", "1.0"], "repeat0: line 5 does not hold a whole number from 0"),
        (["0", "1", "2", "-1"], "repeat0: line 5 does not hold a whole number from 0"),
        (["0", "1", "3", "0"], "repeat0: its 3 folds must be numbered from 0 to 2 without a gap"),
        (["1", "2", "3", "1"], "repeat0: its 3 folds must be numbered from 0 to 2 without a gap"),
        (["0", "1", "0", "1"], "repeat0: it has 2 folds; train, valid and test need 3"),
        (["0", "1", "2", "0", "3"], "repeat0: fold 3 has nobody of the cohort: give it people"),
    ],
)
def test_folds_at_fault(tmp_path: Path, column: list[str], said: str) -> None:
    rows = "".join(f"{place},{fold}\n" for place, fold in enumerate(column, start=1))
    assert said in fault(tmp_path, FOLDS, f"id,repeat0\n{rows}")


def test_columns_that_are_no_repeats_are_counted(tmp_path: Path) -> None:
    said = fault(tmp_path, FOLDS, f"id,repeat0,{SECRET}\n1,0,0\n2,1,1\n3,2,2\n4,0,0\n")
    assert "1 columns are called otherwise than repeat0" in said
    assert "no column repeat0" in fault(tmp_path, FOLDS, "id\n1\n2\n")


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    said = fault(tmp_path, FIXED, f"id,split\n1,train\n1,{SECRET}\n,test\n").splitlines()
    assert len(said) == 5  # no person, twice, an unknown part, nobody in valid, people without a split


def test_a_missing_file_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match=r"split.csv is not there: put the split file at .*split.csv"):
        read_splits(tmp_path, FIXED, PEOPLE)
    (tmp_path / "Split.csv").write_text("id,split\n")
    with pytest.raises(SplitError, match=r"the nearest is 'Split\.csv'"):
        read_splits(tmp_path, FIXED, PEOPLE)


def test_a_byte_order_mark_further_columns_and_further_people_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeffid,site,split\n9,a,test\n4,a,train\n3,b,test\n2,b,valid\n1,a,train\n"
    (tmp_path / "split.csv").write_text(text)
    splits = read_splits(tmp_path, FIXED, PEOPLE)
    assert splits.to_dict(as_series=False) == {
        PERSON: ["1", "2", "3", "4"],
        "final": ["train", "valid", "test", "train"],
        "split": ["train", "valid", "test", "train"],
    }
