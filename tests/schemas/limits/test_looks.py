"""What a broken cell looks like, by its text and by what its column declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas.contract import Contract, load_contract
from schemas.describe import describe
from schemas.fields import ModelView, Table, binary, category, integer, number, person_key
from schemas.fields.figures import Amount
from schemas.splitting.study import validate_folder


class People(Table):
    """People, with a column of every kind that the texts below are tried on."""

    id: str = person_key("Key")
    answer: pl.Int8 = binary("Answer", yes=("Yes", "TRUE"), no=("No", "FALSE"))
    pain: pl.Enum = category("Pain", {"1": "Typical", "Typical": "Typical", "2": "Atypical", "Atypical": "Atypical"})
    pressure: int = integer("Pressure", unit="mmHg", low=50, high=300, other_units={"kPa": 7.50062})
    heat: float = number(
        "Temperature", unit="°C", low=30, high=45, other_units={"°F": (5 / 9, -160 / 9), "K": (1, -273.15)}
    )


CONTRACT = Contract(study="try", tables={"people": People}, person_table="people", person_key="id")


def looks(tmp_path: Path, column: str, *texts: str) -> dict[str, int]:
    rows = {"id": [str(i) for i in range(len(texts))], column: texts}
    pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String)).write_csv(tmp_path / "people.csv", quote_style="always")
    optional = [f"people.{name}" for name in People.to_schema().columns if name not in ("id", column)]
    result = validate_folder(tmp_path, CONTRACT, optional_columns=optional)
    assert not any(text in json.dumps(result.summary()) for text in texts if len(text) > 3)
    return dict(result.tables["people"].looks.get(column, {}))


@pytest.mark.parametrize(
    ("column", "texts", "expected"),
    [
        ("heat", ("36,6", "37,25", "1.036,6"), {"decimal_comma": 3}),
        ("pressure", ("1,200", "1,300"), {"thousands_comma": 2}),
        ("pressure", ("1,200", "120,5"), {"decimal_comma": 2}),
        (
            "heat",
            ("2020-01-01", "02. Mrz", "1-Feb", "Mar-02", "3/4/2021", "03.04.21", "2020-01-01 00:00:00"),
            {"date": 7},
        ),
        ("pressure", ("16", "21.3"), {"unit kPa": 2}),
        ("heat", ("97.9", "104", "310.2"), {"unit °F": 2, "unit K": 1}),
        ("heat", ("0", "0.0"), {"zero": 2}),
        ("heat", ("> 41", "<=35"), {"limit_sign": 2}),
        ("heat", ("36.6 C", "37°"), {"number_and_text": 2}),
        ("heat", ("unknown", "n/a"), {"text": 2}),
        ("heat", ("12345", "36.6"), {}),
        ("answer", ("Maybe", "Perhaps", "Maybe"), {"undeclared_label": 3, "distinct_labels": 2}),
        ("answer", ("2", "1,0"), {"decimal_comma": 1, "undeclared_code": 1}),
        ("answer", ("yes", "FALse"), {"other_case": 2}),
        ("pain", ("9", "None"), {"undeclared_label": 1, "undeclared_code": 1, "distinct_labels": 1}),
    ],
)
def test_a_cell_looks_like_one_thing(
    column: str, texts: tuple[str, ...], expected: dict[str, int], tmp_path: Path
) -> None:
    assert looks(tmp_path, column, *texts) == expected


def test_labels_can_be_declared_beside_codes(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5"],
            "answer": ["Yes", "FALSE", "1", "0", ""],
            "pain": ["1", "Typical", "2", "Atypical", ""],
        }
    ).write_csv(tmp_path / "people.csv")
    table = validate_folder(tmp_path, CONTRACT, optional_columns=["people.pressure", "people.heat"]).tables["people"]
    assert table.valid["answer"].to_list() == [1, 0, 1, 0, None]
    assert table.valid["pain"].to_list() == ["Typical", "Typical", "Atypical", "Atypical", None]
    assert (table.nulled, table.recoded) == ({}, {})
    values = dict(describe(CONTRACT).select("column", "values").rows())
    assert values["answer"] == "0 No; 1 Yes; No → 0; FALSE → 0; Yes → 1; TRUE → 1"


def test_only_numbers_have_other_units() -> None:
    with pytest.raises(ValueError, match="the kind binary has no other_units"):
        binary("Answer", other_units={"kPa": 1.0})


@pytest.mark.parametrize("study", ["heart", "whas500", "nhanes"])
def test_declared_units_differ_enough_to_be_told(study: str, raw: Callable[[str], Path]) -> None:
    """Most values of the sample, written in another declared unit, are broken: else a flood would not be seen."""
    contract = load_contract(study)
    result = validate_folder(raw(study), contract)
    for table, model in contract.tables.items():
        for name, rules in ModelView.of(model).rules.items():
            if not isinstance(rules, Amount):
                continue
            for conversion in rules.other_units.values():
                factor, offset = conversion if isinstance(conversion, tuple) else (conversion, 0.0)
                converted = ((result.tables[table].valid[name].drop_nulls() - offset) / factor).round(1)
                broken = ~converted.is_between(rules.low, rules.high)
                if rules.kind == "integer":
                    broken |= converted != converted.round(0)
                assert broken.mean() > 0.5, f"{table}.{name}"
