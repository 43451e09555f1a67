"""The tables of NHANES by pandas and the scores by scikit-learn, as one writes them by hand: a peer of the pipeline.

The same columns are read, the same codes and ranges are cleaned, the same features are made, and a model is fitted for
each of the twelve outcomes. What this does not do: say which row or cell was dropped and why, check columns against
each other, find a person who stands twice or a row with a field too many, or keep memory flat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.columns import ADULT_YEARS, KEY, PERSONS, Column, columns_by_table
from flows.features.nhanes.own import HEALTH, IMPAIRMENT

TICKED = {
    "DBQ197": ("DBQ223A", "DBQ223B", "DBQ223C", "DBQ223D", "DBQ223E", "DBQ223U"),
    "DRQSDIET": ("DRQSDT1", "DRQSDT2", "DRQSDT3", "DRQSDT9"),
}
"""Blank means not ticked wherever the question before them was answered."""
ASKED_ONLY = {
    "DBD895": ("DBD900",),
    "CBQ596": ("CBQ606", "CBQ611"),
    "SMQ681": ("SMQ710", "SMQ720"),
    "DUQ200": ("DUQ230",),
    "DUQ240": ("DUQ250", "DUQ280", "DUQ290", "DUQ320", "DUQ330", "DUQ360"),
}
"""Items that are asked only after a yes: no to the gate means none of them."""


def features_of(folder: Path, names: list[str]) -> pd.DataFrame:
    """The features of the adults of a folder of CSV or Parquet tables, one row a person, by the pipeline's names."""
    wide: pd.DataFrame | None = None
    for table, columns in columns_by_table().items():
        frame = _read(folder, table, [KEY, *columns])
        cleaned = pd.DataFrame({KEY: frame[KEY], **{name: _clean(frame[name], columns[name]) for name in columns}})
        wide = cleaned if wide is None else wide.merge(cleaned, on=KEY, how="left")
        if table == PERSONS:
            wide = wide[wide["RIDAGEYR"] >= ADULT_YEARS]
    assert wide is not None
    made = {name.lower(): column for name, column in wide.items() if name != KEY} | _derived(wide)
    features = pd.DataFrame({name: made[name.partition("__")[2]] for name in names})
    return features.set_axis(wide[KEY], axis="index").sort_index()


def _read(folder: Path, table: str, columns: list[str]) -> pd.DataFrame:
    if (file := folder / f"{table}.parquet").is_file():
        return pd.read_parquet(file, columns=columns)
    return pd.read_csv(folder / f"{table}.csv", usecols=columns, dtype={KEY: "str"}, low_memory=False)


def _clean(cells: pd.Series, column: Column) -> pd.Series:
    if column.is_coded:
        cells = pd.to_numeric(cells, errors="coerce")
    if column.labels:
        known = cells.map({float(label) if column.is_coded else label: name for label, name in column.labels.items()})
        return known.astype(pd.CategoricalDtype(list(dict.fromkeys(filter(None, column.labels.values())))))
    if column.is_clock:
        clock = cells.str.extract(r"^(?:b')?(\d{1,2}):(\d\d)'?$").astype("float64")
        return clock[0] * 60 + clock[1]
    if not pd.api.types.is_numeric_dtype(cells):
        cells = pd.to_numeric(cells.replace(dict(column.words)), errors="coerce")
    numbers = cells.astype("float64")
    if column.sas_zero:
        numbers = numbers.mask(numbers.between(5.39e-79, 5.41e-79), 0.0)
    for code, value in column.codes.items():
        numbers = numbers.mask(numbers == code, np.nan if value is None else value)
    return numbers.where(numbers.between(column.low, column.high))


def _derived(wide: pd.DataFrame) -> dict[str, pd.Series]:
    made = {
        name.lower(): wide[name].notna().astype("float64").where(wide[name].notna() | wide[gate].notna())
        for gate, names in TICKED.items()
        for name in names
    }
    made |= {name.lower(): wide[name].mask(wide[gate] == 0, 0.0) for gate in ASKED_ONLY for name in ASKED_ONLY[gate]}
    energy = wide["DR1TKCAL"].where(wide["DR1TKCAL"] > 0)
    made["fat_energy_share"] = (9 * wide["DR1TTFAT"] / energy).clip(0, 1)
    made["sugar_energy_share"] = (4 * wide["DR1TSUGR"] / energy).clip(0, 1)
    for column, name in (("SLQ300", "falls_asleep"), ("SLQ310", "wakes")):
        angle = wide[column] * (2 * np.pi / 1440)
        made[f"{name}_sin"], made[f"{name}_cos"] = np.sin(angle).round(6), np.cos(angle).round(6)
    made["hours_in_bed"] = ((wide["SLQ310"] - wide["SLQ300"]) % 1440) / 60
    not_now = (wide["SMQ020"] == 0) | (wide["SMQ040"] == "Not at all")
    made |= {name.lower(): wide[name].mask(not_now, 0.0) for name in ("SMD641", "SMD650")}
    made |= {f"log_{name.lower()}": np.log(wide[name]).round(6) for name in wide.filter(regex="^LB")}
    made["systolic"] = wide[["BPXSY1", "BPXSY2", "BPXSY3"]].mean(axis=1).round(3)
    made["diastolic"] = wide[["BPXDI1", "BPXDI2", "BPXDI3"]].mean(axis=1).round(3)
    made["phq9"] = wide[[f"DPQ0{item}0" for item in range(1, 10)]].sum(axis=1, skipna=False)
    for name, ranks in (("DPQ100", IMPAIRMENT), ("HSD010", HEALTH)):
        made[name.lower()] = wide[name].astype("object").map(ranks).astype("float64")
    return made


ScoreRows = Callable[[pd.DataFrame], list[npt.NDArray[Any]]]


def fit(kind: str, features: pd.DataFrame, targets: Mapping[str, pd.Series], numbers: frozenset[str]) -> ScoreRows:
    """A model a target by scikit-learn, on features that are prepared once for all of them.

    Args:
        kind: ``linear`` or ``boosted``.
        features, targets: of training people.
        numbers: the targets that are numbers; others are classes.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    is_linear = kind == "linear"
    prepare = _prepared(is_linear).fit(features)
    matrix, models = prepare.transform(features), []
    for name, target in targets.items():
        known = target.notna().to_numpy()
        number = Ridge() if is_linear else HistGradientBoostingRegressor()
        classes = LogisticRegression(max_iter=200) if is_linear else HistGradientBoostingClassifier()
        models.append((number if name in numbers else classes).fit(matrix[known], target[known]))

    def score(rows: pd.DataFrame) -> list[npt.NDArray[Any]]:
        inputs = prepare.transform(rows)
        return [getattr(each, "predict_proba", each.predict)(inputs) for each in models]

    return score


def _prepared(is_linear: bool) -> Any:
    """Numbers filled and scaled, categories spread; trees take both as they are."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    is_category = make_column_selector(dtype_include="category")
    is_number = make_column_selector(dtype_include="number")
    if is_linear:
        filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
        spread = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        return make_column_transformer((filled, is_number), (spread, is_category))
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    return make_column_transformer((codes, is_category), remainder="passthrough")
