"""Traps of Pandera with Polars: each test fails if the work-around is taken away, or tells that it is not needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from pandera.config import ValidationDepth, config_context

from schemas.contract import Contract, load_contract
from schemas.faults import ContractError
from schemas.fields import Table, across, integer, number, person_key
from schemas.splitting.checking import check, failed_cells, require_full_validation
from schemas.splitting.study import validate_folder


class Sample(Table):
    """Made up."""

    key: str = person_key("Key")
    low: int = integer("Low", low=0, high=10)
    high: int = integer("High", low=0, high=20)

    ordered = across("low", name="low_below_high", why="by definition", holds=pl.col("low") < pl.col("high"))


def sample(low: list[int | None], high: list[int | None]) -> pl.DataFrame:
    keys = [str(place) for place in range(len(low))]
    return pl.DataFrame(
        {"key": keys, "low": low, "high": high}, schema={"key": pl.String, "low": pl.Int64, "high": pl.Int64}
    )


BAD = sample([1, 99, 5, None], [2, 100, 3, 1])


def test_a_lazy_frame_is_not_checked_so_it_is_refused() -> None:
    Sample.validate(BAD.lazy(), lazy=True).collect()  # the trap: no error at all
    with pytest.raises(ContractError, match="only a collected frame"):
        failed_cells(BAD.lazy(), Sample.to_schema())  # type: ignore[arg-type]


def test_every_failing_cell_is_found_by_row_column_and_rule() -> None:
    found = check(BAD, Sample).sort("row number", "column", "rule")
    assert found.select("row number", "column", "rule").rows() == [
        (1, "high", "out_of_range"), (1, "low", "out_of_range"), (2, "low", "low_below_high"),
    ]  # fmt: skip


def test_failed_cells_hold_no_values_and_no_whole_rows() -> None:
    """A check of the frame would put each failing row as JSON into the failure cases."""
    cells = failed_cells(sample([7], [6]), Sample.to_schema())
    assert cells.columns == ["column", "check", "check_number", "index"]
    assert not [model for model in load_contract("nhanes").tables.values() if model.to_schema().checks]
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        Sample.validate(sample([777], [6]), lazy=True)
    assert "777" in str(caught.value), "if Pandera's own error has stopped showing values, failed_cells may be simpler"


def test_nothing_is_coerced_or_dropped() -> None:
    for contract in (load_contract("nhanes"), load_contract("heart")):
        for model in contract.tables.values():
            schema = model.to_schema()
            assert schema.strict is True
            assert not schema.coerce
            assert not schema.drop_invalid_rows
            assert not any(column.coerce for column in schema.columns.values())
    text = sample([1], [2]).with_columns(pl.col("low").cast(pl.String))
    with pytest.raises(ContractError, match=r"wrong dtype.*low"):
        check(text, Sample)


def test_nan_fails_every_number_of_the_contracts() -> None:
    """NaN passes >= in Polars, so a range needs its upper end."""
    assert pl.select(pl.lit(float("nan")) >= 0).item()

    class Measured(Table):
        """Made up."""

        key: str = person_key("Key")
        value: float = number("Value", unit="m", low=0, high=5)

    frame = pl.DataFrame(
        {"key": ["1", "2"], "value": [float("nan"), None]}, schema={"key": pl.String, "value": pl.Float64}
    )
    assert check(frame, Measured).rows() == [(0, "value", "out_of_range", "null")]


@pytest.mark.parametrize("settings", [{"validation_enabled": False}, {"validation_depth": ValidationDepth.SCHEMA_ONLY}])
def test_a_gate_that_is_switched_off_is_noticed(settings: dict[str, object], tmp_path: Path) -> None:
    require_full_validation()
    with config_context(**settings):  # type: ignore[arg-type]
        with pytest.raises(ContractError, match="PANDERA_VALIDATION_ENABLED"):
            require_full_validation()
        with pytest.raises(ContractError, match="PANDERA_VALIDATION_ENABLED"):
            failed_cells(BAD, Sample.to_schema())
        with pytest.raises(ContractError, match="PANDERA_VALIDATION_ENABLED"):
            validate_folder(tmp_path, load_contract("heart"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PANDERA_VALIDATION_ENABLED", "False"),
        ("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY"),
        ("PANDERA_VALIDATION_DEPTH", "DATA_ONLY"),
    ],
)
def test_an_environment_variable_that_switches_the_gate_off_is_noticed(name: str, value: str) -> None:
    code = "from schemas.splitting.checking import require_full_validation as r; r()"
    root = str(Path(__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, name: value, "PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    assert "ContractError: Pandera's checks are switched off" in run.stderr


def test_the_cached_schema_is_left_as_it_is(raw, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    contract = load_contract("heart")
    before = repr(contract.tables["cleveland"].to_schema())
    path = tmp_path / "cleveland.csv"
    pl.read_csv(raw("heart") / "cleveland.csv", infer_schema=False).drop("target").write_csv(path)
    validate_folder(tmp_path, contract, optional_columns=["cleveland.target"])
    assert repr(contract.tables["cleveland"].to_schema()) == before


def test_two_missing_keys_are_missing_not_duplicates(write, mini: Contract) -> None:  # type: ignore[no-untyped-def]
    result = validate_folder(write(DEMO=[{"SEQN": ""}, {"SEQN": ""}]), mini)
    assert result.tables["DEMO"].rejected_by_rule == {"missing": 2}


def test_contradictory_field_declarations_are_refused() -> None:
    with pytest.raises(ValueError, match="inside the range"):
        integer("Age", low=0, high=100, special={99: "dont_know"})
    with pytest.raises(ValueError, match="outside the range"):
        integer("Meals", low=0, high=21, special={5555: 22})
    with pytest.raises(ValueError, match="rejects the row"):
        integer("Age", low=0, high=9, nullable=False)


def test_a_contract_needs_its_person_table_and_key() -> None:
    with pytest.raises(ValueError, match="person table persons"):
        Contract(study="x", tables={"sample": Sample}, person_table="persons", person_key="key")
    with pytest.raises(ValueError, match="lacks the person key id"):
        Contract(study="x", tables={"sample": Sample}, person_table="sample", person_key="id")


def test_rules_that_break_each_other_are_named(tmp_path: Path) -> None:
    """Emptying ``b`` makes ``a`` fail: a fault of the contract, which must not pass in silence."""

    class Circular(Table):
        """Made up."""

        id: str = person_key("Key")
        a: int = integer("A", low=0, high=10)
        b: int = integer("B", low=0, high=10)

        first = across("b", name="b_below_a", why="made up", holds=pl.col("b") < pl.col("a"))
        second = across("a", name="a_needs_b", why="made up", holds=pl.col("b").is_not_null())

    contract = Contract(study="x", tables={"t": Circular}, person_table="t", person_key="id")
    (tmp_path / "t.csv").write_text("id,a,b\n1,3,7\n")
    with pytest.raises(ContractError, match=r"a \(a_needs_b\); mend the contract"):
        validate_folder(tmp_path, contract)
