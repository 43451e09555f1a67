"""A study's own module that cannot be imported is one sentence: the file, the line, what is wrong, and no data."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import schemas
from schemas.contract import load_contract

HEAD = """import polars as pl
from schemas.contract import Contract
from schemas.fields import Table, category, integer, number, person_key


class Ward(Table):
    id: str = person_key("Row")
"""
TAIL = """

CONTRACT = Contract(study="wards", tables={"ward": Ward}, person_table="ward", person_key="id")
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name == "schemas.wards" or name.startswith("schemas.wards.")]:
        del sys.modules[name]


def sentence(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> str:
    (folder / "wards").mkdir()
    (folder / "wards" / "__init__.py").write_text(text)
    monkeypatch.setattr(schemas, "__path__", [*schemas.__path__, str(folder)])
    importlib.invalidate_caches()
    with pytest.raises(ValueError, match="wards") as caught:
        load_contract("wards")
    assert "\n" not in str(caught.value)
    assert str(folder) not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('    age: int = integer("Age", low=9, high=1)', "line 8: Age: the range is empty, low 9 is above high 1"),
        (
            '    age: int = integer("Age", low=0, high=99, special={9: "refused"})',
            "line 8: Age: special code 9 lies inside the range of real values",
        ),
        ('    age: int = integer("Age", low=0, high=99, privacy="x")', "line 8: Age: privacy is none of identifier"),
        ('    ward: pl.Enum = category("Ward", {})', "line 8: Ward: a category needs labels"),
        ('    age: int = integer("Age", low=0)', "line 8: TypeError (integer() missing 1 required keyword-only"),
        ('    age: int = integr("Age")', "line 8: NameError (name 'integr' is not defined)"),
        ("    age: int", "line 11: model Ward: age lacks a helper of schemas.fields: declare it with one of"),
        ('    key: str = person_key("Second")', "line 11: model Ward needs one person key, found 2"),
        ("    age: int = integer(", "line 8, is not valid Python ('(' was never closed)"),
        ("    import nowhere_at_all", "line 8: ModuleNotFoundError (No module named 'nowhere_at_all')"),
        ("    age = int('secret')", "line 8: ValueError"),
        ("    age = {}['secret']", "line 8: KeyError"),
    ],
)
def test_an_error_in_a_contract_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, said: str) -> None:
    found = sentence(monkeypatch, tmp_path, f"{HEAD}{line}\n{TAIL}")
    assert f"wards/__init__.py, {said}" in found
    assert "secret" not in found


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (TAIL.replace('"ward", person_key', '"wrd", person_key'), "the person table wrd is not among its tables"),
        (TAIL.replace('person_key="id"', 'person_key="idd"'), "table ward lacks the person key idd"),
        ("", "schemas/wards has no CONTRACT: give it one, or the study another name"),
    ],
)
def test_a_contract_that_contradicts_itself_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tail: str, said: str
) -> None:
    assert said in sentence(monkeypatch, tmp_path, HEAD + tail)
