"""From raw tables to scores beside peers on the same rows: pandas with scikit-learn or LightGBM, and DuckDB.

    dvc pull data/raw/nhanes.dvc && dvc repro export@nhanes
    python -m benchmarks.pipelines [--people 200000] [--form csv parquet] [--repeats 3]

People are drawn from the NHANES sample (`benchmarks.people`). Every contender is a process of its own on one core and
with one thread; imports and fits are not counted. `benchmarks/in_pandas.py` and `benchmarks/in_duckdb.py` say what each
of them does, and what it leaves out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.measuring import one_core, require, show, study_inputs
from benchmarks.people import STUDY, Form, write_people
from flows.project.machines import MachineSettings

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.in_pandas import ScoreRows

SHARD = 50_000
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
OURS = "ours"
Parts = dict[str, float]
"""Seconds of processor time by part, and GiB at most."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--form", nargs="+", choices=("csv", "parquet"), default=["csv", "parquet"])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    paths, _ = study_inputs(STUDY)
    require([paths.models / "model.onnx", paths.features / "targets.parquet"], f"dvc repro export@{STUDY}")
    os.environ |= dict.fromkeys(THREADS, "1")  # for the processes that are started
    for form in options.form:
        with tempfile.TemporaryDirectory() as name:
            drop = Path(name) / "drop"
            write_people(options.people, drop, form=form)
            _compare(drop, form, options.people, options.repeats)


def _compare(drop: Path, form: Form, n_people: int, repeats: int) -> None:
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[Parts]] = {name: [] for name in CONTENDERS}
    for _ in range(repeats):
        for name, each in found.items():
            with context.Pool(1) as pool:
                each.append(pool.apply(measure, (name, drop)))
    medians = {
        name: {part: statistics.median(turn[part] for turn in each) for part in each[0]} for name, each in found.items()
    }
    base = {part: taken for name, parts in medians.items() if name.startswith(OURS) for part, taken in parts.items()}
    show(
        f"{n_people:,} people, {form}, one core, one thread",
        ("who", "part", "seconds of processor time", "times ours", "GiB at most"),
        (
            (name, part, f"{taken:.1f}", f"{taken / base[part]:.2f}", f"{parts['gib']:.2f}")
            for name, parts in medians.items()
            for part, taken in parts.items()
            if part != "gib"
        ),
        note=f"medians of {repeats} processes each, in turns",
    )
    with context.Pool(1) as pool:
        print(f"of the features' cells pandas and we agree in {pool.apply(agreement, (drop,)):.3%}")


def measure(name: str, drop: Path) -> Parts:
    """The seconds that a contender takes for its parts."""
    one_core()
    parts = CONTENDERS[name](drop)
    return {**parts, "gib": getrusage(RUSAGE_SELF).ru_maxrss / 2**20}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What some work gives, and its seconds of processor time."""
    start = time.process_time()
    return work(), time.process_time() - start


TABLES, SCORES, WHOLE = "tables to features", "features to scores", "tables to a written score table"


def our_night(drop: Path) -> Parts:
    """A night as it is: validation with every reason, features, scores, the checks before publishing, the commit."""
    from benchmarks.growth import measure_night

    with tempfile.TemporaryDirectory() as folder:
        return {WHOLE: measure_night(drop, Path(folder), SHARD, MachineSettings(kind="serial"))["cpu"]}


def our_parts(drop: Path) -> Parts:
    """The two large parts of a night by themselves."""
    from mtl_models.serving.scorer import Scorer

    paths, _ = study_inputs(STUDY)
    scorer = Scorer(paths.models / "model.onnx")
    tables = scored = 0.0
    with tempfile.TemporaryDirectory() as folder:
        shards = our_features(drop, Path(folder) / "parts")
        while True:
            frame, seconds = timed(lambda: next(shards, None))
            tables += seconds
            if frame is None:
                return {TABLES: tables, SCORES: scored}
            scored += timed(partial(scorer.score, frame))[1]


def our_features(drop: Path, scratch: Path) -> Iterator[pl.DataFrame]:
    """The features of a drop in the shards of a night, every row read, validated and accounted for."""
    from flows.features.cohort import cohort_of
    from flows.nightly.shards import plan_drop
    from flows.project.settings import ShardSettings
    from flows.study.study import Study

    paths, settings = study_inputs(STUDY)
    study = Study(paths.root, STUDY)
    plan = plan_drop(study, drop, scratch, (), ShardSettings(people=SHARD, at_once_mb=0))
    for shard in range(plan.n_shards):
        valid = {name: table.valid for name, table in plan.split(shard, study.contract).tables.items()}
        yield cohort_of(STUDY, valid, settings.task_records, settings.known_later).features


def by_pandas(kind: str, drop: Path) -> Parts:
    """The same features by pandas, and a model of a kind for each target."""
    from benchmarks.columns import feature_names
    from benchmarks.in_pandas import features_of

    names = list(feature_names())
    score = MODELS[kind](kind)
    features, tables = timed(lambda: features_of(drop, names))
    scores, scored = timed(lambda: score(features))
    with tempfile.TemporaryDirectory() as folder:
        written = timed(lambda: _write(features, scores, Path(folder) / "scores.parquet"))[1]
    return {TABLES: tables, SCORES: scored, WHOLE: tables + scored + written}


def _write(features: pd.DataFrame, scores: list[npt.NDArray[Any]], file: Path) -> None:
    import pandas as pd

    columns = np.concatenate([each.reshape(len(features), -1) for each in scores], axis=1)
    pd.DataFrame(columns, index=features.index).rename(columns=str).to_parquet(file)


def of_scikit_learn(kind: str) -> ScoreRows:
    """Models of scikit-learn, fitted to the training people."""
    from benchmarks.in_pandas import fit

    paths, settings = study_inputs(STUDY)
    train = (pl.read_parquet(paths.features / "splits.parquet")["final"] == "train").to_numpy()
    features, targets = (
        pl.read_parquet(paths.features / f"{name}.parquet").filter(train).drop("person_id").to_pandas()
        for name in ("features", "targets")
    )
    tasks = [task for task in settings.task_records if task.role == "main"]
    numbers = frozenset(column for task in tasks if task.kind == "regression" for column in task.target_columns)
    wanted = [column for task in tasks for column in task.target_columns]
    return fit(kind, features, {name: targets[name] for name in wanted}, numbers)


def of_lightgbm(kind: str) -> ScoreRows:
    """The boosters of the study's baselines."""
    from benchmarks.scoring import fit_lightgbm

    paths, settings = study_inputs(STUDY)
    boosters, _ = fit_lightgbm(paths, settings, pl.read_parquet(paths.features / "features.parquet"))

    def score(features: pd.DataFrame) -> list[npt.NDArray[Any]]:
        categories = features.select_dtypes("category")
        codes = [categories[name].cat.codes.to_numpy("float32") for name in categories]
        numbers = features.select_dtypes("number").to_numpy("float32")
        inputs = np.column_stack([numbers, *(np.where(each < 0, np.nan, each) for each in codes)]).astype(np.float32)
        return [booster(inputs) for booster in boosters]

    return score


MODELS: dict[str, Callable[[str], ScoreRows]] = {
    "linear": of_scikit_learn,
    "boosted": of_scikit_learn,
    "lightgbm": of_lightgbm,
}


def by_duckdb(drop: Path) -> Parts:
    """Tables read, checked and joined; no features."""
    from benchmarks.in_duckdb import joined

    with tempfile.TemporaryDirectory() as folder:
        return {TABLES: timed(lambda: joined(drop, Path(folder)))[1]}


def agreement(drop: Path) -> float:
    """The share of the features' cells in which pandas and we agree."""
    from benchmarks.columns import feature_names
    from benchmarks.in_pandas import features_of

    names = list(feature_names())
    theirs = pl.from_pandas(features_of(drop, names).reset_index(drop=True), nan_to_null=True)
    with tempfile.TemporaryDirectory() as folder:
        mine = pl.concat(our_features(drop, Path(folder))).select(names)
    if len(mine) != len(theirs):
        raise RuntimeError(f"{len(mine)} people here, {len(theirs)} by pandas")
    same = (_same(mine[name], theirs[name]) for name in names)
    return sum(same) / (mine.height * mine.width)


def _same(mine: pl.Series, theirs: pl.Series) -> int:
    if not mine.dtype.is_float():
        return int(mine.cast(pl.String).eq_missing(theirs.cast(pl.String)).sum())
    near = (mine - theirs.cast(pl.Float64)).abs() <= 1e-9
    return int((near | (mine.is_null() & theirs.is_null())).sum())


CONTENDERS: dict[str, Callable[[Path], Parts]] = {
    OURS: our_parts,
    f"{OURS}, a whole night": our_night,
    "pandas, scikit-learn's linear models": partial(by_pandas, "linear"),
    "pandas, scikit-learn's boosters": partial(by_pandas, "boosted"),
    "pandas, LightGBM": partial(by_pandas, "lightgbm"),
    "DuckDB, tables checked and joined": by_duckdb,
}

if __name__ == "__main__":
    main()
