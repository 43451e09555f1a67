"""Stage: one row a person of the cohort, columns by domain, with targets and splits beside them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.build import build_features, feature_spec, study_features
from flows.features.view import hidden_patterns, visible_tables
from flows.paths import read_json, replace_file, write_json, write_text
from flows.settings import SplitSettings
from flows.stages.command import Stage, run_stage
from flows.stages.validate import SUMMARY, read_valid
from mtl_models.data import PERSON
from mtl_models.tasks import Task
from schemas.contract import load_contract


def cohort_features(
    study: str, valid: Path, hidden: Collection[str]
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, pl.DataFrame]]:
    """Features of the cohort, the people outside it with their reason, and the valid tables.

    Training and scoring both come through here.
    """
    definition = study_features(study)
    tables = read_valid(study, valid)
    visible = visible_tables(tables, hidden, load_contract(study).person_key)
    people = definition.people(visible).sort(PERSON)
    features = build_features(people.filter(pl.col("reason").is_null()), visible, definition.domains)
    return features, people.filter(pl.col("reason").is_not_null()), tables


def resample_columns(split: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The split file as one column a resample plus ``final``, the resample of the exported model.

    For folds, repeat ``r`` and fold ``k`` give a column ``r<r>f<k>``: fold k is the test part and the next one the
    validation part. ``final`` trains on everybody but the validation part of the first resample.
    """
    if kind == "fixed":
        return split.select(PERSON, pl.col("split").alias("final"), "split")
    columns = []
    for repeat in [column for column in split.columns if column != PERSON]:
        number, folds = repeat.removeprefix("repeat"), split[repeat].cast(pl.Int64)
        n_folds = int(folds.n_unique())
        for fold in range(n_folds):
            part = (
                pl.when(folds == fold)
                .then(pl.lit("test"))
                .when(folds == (fold + 1) % n_folds)
                .then(pl.lit("valid"))
                .otherwise(pl.lit("train"))
            )
            columns.append(part.alias(f"r{number}f{fold}"))
    resamples = split.select(PERSON, *columns)
    first = resamples.columns[1]
    final = pl.when(pl.col(first) == "valid").then(pl.lit("valid")).otherwise(pl.lit("train")).alias("final")
    return resamples.select(PERSON, final, *resamples.columns[1:])


def read_splits(raw: Path, settings: SplitSettings, people: pl.DataFrame) -> pl.DataFrame:
    """The splits of ``people``, in their order.

    Raises:
        ValueError: if someone has no split or an unknown one.
    """
    path = raw / settings.file
    split = pl.read_csv(path, infer_schema=False).rename({settings.person: PERSON})
    if split[PERSON].is_duplicated().any():
        raise ValueError(f"{settings.file} names a person twice")
    joined = people.select(PERSON).join(split, on=PERSON, how="left", maintain_order="left")
    if missing := joined.select(pl.any_horizontal(pl.all().is_null()).sum()).item():
        raise ValueError(f"{missing} people have no split in {settings.file}: give each of them a part")
    splits = resample_columns(joined, settings.kind)
    parts = set(splits.drop(PERSON).unpivot()["value"].unique())
    if not parts <= {"train", "valid", "test"}:
        raise ValueError(f"{settings.file} holds parts other than train, valid and test")
    return splits


def _check_targets(targets: pl.DataFrame, tasks: Collection[Task]) -> None:
    wanted = [PERSON, *(column for task in tasks for column in task.target_columns)]
    if missing := [column for column in wanted if column not in targets.columns]:
        raise ValueError(f"the study's target function gives no column {', '.join(missing)}: its tasks need it")


def run(stage: Stage) -> dict[str, Any]:
    """The stage on the study's valid tables."""
    paths, settings = stage.paths, stage.settings
    tasks = settings.task_records
    hidden = hidden_patterns(tasks, settings.known_later)
    features, excluded, tables = cohort_features(paths.study, paths.valid, hidden)
    targets = study_features(paths.study).targets(tables)
    _check_targets(targets, tasks)
    columns = [column for task in tasks for column in task.target_columns]
    targets = (
        features.select(PERSON).join(targets, on=PERSON, how="left", maintain_order="left").select(PERSON, *columns)
    )
    splits = read_splits(paths.raw, settings.split, features)
    spec = feature_spec(features)
    replace_file(paths.features / "features.parquet", features.write_parquet)
    replace_file(paths.features / "targets.parquet", targets.write_parquet)
    replace_file(paths.features / "splits.parquet", splits.write_parquet)
    write_text(paths.features / "features.json", spec.to_json())
    validation = read_json(paths.valid / SUMMARY)
    summary = {
        "n_people": features.height + excluded.height,
        "n_cohort": features.height,
        "excluded": dict(excluded.group_by("reason", maintain_order=True).len().iter_rows()),
        "n_features": {domain: sum(f.domain == domain for f in spec.features) for domain in spec.domains},
        "n_labelled": {column: int(targets[column].count()) for column in columns},
        "parts": dict(splits.group_by("final").len().sort("final").iter_rows()),
        "n_rows_rejected": sum(table["n_rejected"] for table in validation["tables"].values()),
    }
    write_json(paths.features / "summary.json", summary)
    return summary


if __name__ == "__main__":
    run_stage(run)
