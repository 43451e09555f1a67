"""From the prediction table to arrays: one run is all out-of-fold rows of one model, seed and repeat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task

FINAL = "final"
_FOLD = r"^(r\d+)f\d+$"


@dataclass(frozen=True)
class Run:
    """Predictions of one model, seed and repeat.

    Shape:
        person: ``(n_rows,)`` index into the persons; predictions: ``(n_rows, task.n_outputs)`` by task name.
    """

    seed: int
    person: np.ndarray
    predictions: dict[str, np.ndarray]


@dataclass(frozen=True)
class Sample:
    """The people of one part, their targets, and every model's runs.

    Shape:
        persons: ``(n_persons,)``, their identifiers.
        targets: ``(n_persons, len(task.target_columns))`` by task name, NaN where the label is missing.
    """

    persons: np.ndarray
    n_repeats: int
    n_resamples: int
    targets: dict[str, np.ndarray]
    runs: dict[str, list[Run]]
    seeds: dict[str, list[int]]

    @property
    def n_persons(self) -> int:
        """How many people there are."""
        return len(self.persons)


def collect(
    predictions: pl.DataFrame, targets: pl.DataFrame, splits: pl.DataFrame, tasks: Sequence[Task], *, part: str
) -> Sample:
    """Sample of the people of ``part``, in the order of their identifiers.

    Resamples ``r<repeat>f<fold>`` of one repeat are pooled; the split ``final`` counts only where there is no other.

    Raises:
        ValueError: if some model, seed and repeat does not predict exactly the rows that the splits call ``part``.
    """
    expected = _expected_rows(splits, part)
    persons = expected[PERSON].unique().sort()
    aligned = pl.DataFrame({PERSON: persons}).join(targets, on=PERSON, how="left", maintain_order="left")
    runs: dict[str, list[Run]] = {}
    seeds: dict[str, list[int]] = {}
    for model, seed, repeat, frame in _runs(predictions, part, expected):
        _check_rows(frame, expected.filter(pl.col("repeat") == repeat), f"{model}, seed {seed}, repeat {repeat}")
        index = np.searchsorted(persons.to_numpy(), frame[PERSON].to_numpy())
        values = {task.name: _floats(frame, task.prediction_columns) for task in tasks}
        runs.setdefault(model, []).append(Run(seed, index, values))
        if seed not in seeds.setdefault(model, []):
            seeds[model].append(seed)
    return Sample(
        persons=persons.to_numpy(),
        n_repeats=expected["repeat"].n_unique(),
        n_resamples=expected["resample"].n_unique(),
        targets={task.name: _floats(aligned, task.target_columns) for task in tasks},
        runs=runs,
        seeds=seeds,
    )


def _expected_rows(splits: pl.DataFrame, part: str) -> pl.DataFrame:
    resamples = [name for name in splits.columns if name not in (PERSON, FINAL)] or [FINAL]
    rows = splits.unpivot(on=resamples, index=PERSON, variable_name="resample", value_name="part")
    rows = rows.filter(pl.col("part") == part).select(PERSON, "resample", _repeat())
    if rows.is_empty():
        raise ValueError(f"the splits call no row {part!r}; use train, valid or test")
    return rows


def repeat_of(resample: str) -> str:
    """The repeat that a resample is a fold of; itself where it is none."""
    return re.sub(_FOLD, r"\1", resample)


def _repeat() -> pl.Expr:
    return pl.col("resample").str.replace(_FOLD, "$1").alias("repeat")


def _runs(predictions: pl.DataFrame, part: str, expected: pl.DataFrame) -> list[tuple[str, int, str, pl.DataFrame]]:
    known = expected["resample"].unique().to_list()
    rows = predictions.filter((pl.col("part") == part) & pl.col("resample").is_in(known)).with_columns(_repeat())
    keys = ["model", "seed", "repeat"]
    rows = rows.sort(*keys, PERSON, "resample")
    frames = rows.partition_by(keys, maintain_order=True)
    found = [(frame["model"][0], frame["seed"][0], frame["repeat"][0], frame) for frame in frames]
    n_repeats = expected["repeat"].n_unique()
    for model, seed in dict.fromkeys(run[:2] for run in found):
        if (n_found := sum(run[:2] == (model, seed) for run in found)) != n_repeats:
            raise ValueError(
                f"predictions of {model}, seed {seed}, cover {n_found} of {n_repeats} repeats; predict all"
            )
    return found


def _check_rows(frame: pl.DataFrame, expected: pl.DataFrame, where: str) -> None:
    keys = [PERSON, "resample"]
    lacking = expected.join(frame, on=keys, how="anti").height
    foreign = frame.join(expected, on=keys, how="anti").height
    twice = frame.height - frame.select(keys).n_unique()
    if lacking or foreign or twice:
        raise ValueError(
            f"predictions of {where}: {lacking} rows of the splits are missing, {foreign} are not in the splits and "
            f"{twice} occur twice; predict the rows of the splits again"
        )


def _floats(frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    return frame.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
