"""What is written down of the raw columns of NHANES for peers: codes, ranges and labels, as a person types them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mtl_models.serving.scorer import Scorer
from schemas.contract import load_contract
from schemas.fields import ModelView

KEY, PERSONS, ADULT_YEARS = "SEQN", "DEMO", 20
BEHIND = (
    *("SLQ300", "SLQ310", "BPXSY1", "BPXSY2", "BPXSY3", "BPXDI1", "BPXDI2", "BPXDI3"),
    *("LBXBPB", "LBXBCD", "LBXTHG", "LBXBSE", "LBXBMN"),
)
"""Columns that no feature is named after."""


@dataclass(frozen=True)
class Column:
    """A raw column.

    Attributes:
        labels: raw text to a category, None for no answer; empty for a number.
        codes: numbers to what they stand for, None for no answer.
        words: text among numbers to the number that it stands for.
        low, high: the range.
        is_clock: whether it is a time of day.
        sas_zero: whether 5.4e-79 stands for zero.
    """

    labels: Mapping[str, str | None] = field(default_factory=dict)
    codes: Mapping[float, float | None] = field(default_factory=dict)
    words: Mapping[str, float] = field(default_factory=dict)
    low: float = -math.inf
    high: float = math.inf
    is_clock: bool = False
    sas_zero: bool = False

    @property
    def is_coded(self) -> bool:
        """Whether its labels are numbers, which a file may hold as 10 or as 10.0."""
        return bool(self.labels) and all(label.isdecimal() for label in self.labels)


@cache
def columns_by_table() -> dict[str, dict[str, Column]]:
    """The columns that features are made of, the person table first."""
    wanted, contract = {*BEHIND, "RIDAGEYR"}, load_contract("nhanes")
    wanted |= {name.partition("__")[2].upper() for name in feature_names()}
    first = {contract.person_table: contract.tables[contract.person_table]}
    found: dict[str, dict[str, Column]] = {}
    for table, model in (first | dict(contract.tables)).items():
        rules = ModelView.of(model).rules
        if columns := {name: _column(each) for name, each in rules.items() if name in wanted}:
            found[table] = columns
    return found


@cache
def feature_names() -> tuple[str, ...]:
    """The features that the exported model reads."""
    from benchmarks.measuring import study_inputs

    return tuple(each.name for each in Scorer(study_inputs("nhanes")[0].models / "model.onnx").spec.features)


def _column(rules: Any) -> Column:
    special = {code: None if isinstance(meaning, str) else meaning for code, meaning in rules.special.items()}
    if rules.kind in ("category", "flag"):
        labels = {rules.code: "1"} if rules.kind == "flag" else dict(rules.labels)
        return Column(labels={**labels, **{str(code): None for code in special}})
    codes = getattr(rules, "codes", {}) or ({0: "", 1: ""} if rules.kind == "binary" else {})
    low, high = (min(codes), max(codes)) if codes else (getattr(rules, "low", None), getattr(rules, "high", None))
    return Column(
        codes={code: value for code, value in special.items() if not isinstance(code, str)},
        words={code: value for code, value in special.items() if isinstance(code, str) and value is not None},
        low=-math.inf if low is None else low,
        high=math.inf if high is None else high,
        is_clock=rules.kind == "time_of_day",
        sas_zero=getattr(rules, "sas_zero", False),
    )
