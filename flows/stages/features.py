"""Stage: one row a person of the cohort, columns by domain, with targets and splits beside them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.build import DomainFunction, build_features, feature_spec, source_tables, study_features
from flows.features.view import hidden_patterns, own_tables, visible_tables
from flows.paths import read_json, replace_file, write_json, write_text
from flows.settings import SplitSettings
from flows.stages.command import Stage, run_stage
from flows.stages.validate import SUMMARY, read_valid
from mtl_models.data import PERSON, FeatureSpec
from mtl_models.tasks import Task
from schemas.contract import load_contract


@dataclass(frozen=True)
class Cohort:
    """Features of the people in the cohort, the people outside it with their reason, and the valid tables."""

    features: pl.DataFrame
    excluded: pl.DataFrame
    tables: dict[str, pl.DataFrame]


def cohort_features(study: str, valid: Path, tasks: Collection[Task], known_later: Collection[str]) -> Cohort:
    """Features of the cohort; training and scoring both come through here.

    A domain gets the columns that no task hides, an own domain those that only the tasks hide that it is hidden from.
    """
    definition = study_features(study)
    tables = read_valid(study, valid)
    visible = visible_tables(tables, hidden_patterns(tasks, known_later), load_contract(study).person_key)
    people = definition.people(visible).sort(PERSON)
    inside = people.filter(pl.col("reason").is_null())
    features = build_features(inside, visible, definition.domains)
    for name, (given, function) in _own_domains(study, tables, tasks, known_later).items():
        features = features.hstack(build_features(inside, given, {name: function}).drop(PERSON).get_columns())
    return Cohort(features, people.filter(pl.col("reason").is_not_null()), tables)


def cohort_spec(study: str, cohort: Cohort, tasks: Collection[Task], known_later: Collection[str]) -> FeatureSpec:
    """The spec of a cohort's features: who must not see them, and which tables they need."""
    contract, definition = load_contract(study), study_features(study)
    visible = visible_tables(cohort.tables, hidden_patterns(tasks, known_later), contract.person_key)
    groups = [(visible, definition.domains)] + [
        (given, {name: function})
        for name, (given, function) in _own_domains(study, cohort.tables, tasks, known_later).items()
    ]
    needed: dict[str, tuple[str, ...]] = {}
    for given, domains in groups:
        needed |= source_tables(cohort.features, given, domains)
    needed = {name: tuple(table for table in each if table != contract.person_table) for name, each in needed.items()}
    named = {task.name for task in tasks}
    hidden = {name: tuple(task for task in own.hidden_from if task in named) for name, own in definition.own.items()}
    return feature_spec(cohort.features, hidden, needed)


def _own_domains(
    study: str, tables: dict[str, pl.DataFrame], tasks: Collection[Task], known_later: Collection[str]
) -> dict[str, tuple[dict[str, pl.DataFrame], DomainFunction]]:
    """Each own domain's function with the tables that it may read."""
    key = load_contract(study).person_key
    return {
        name: (own_tables(tables, tasks, known_later, own.hidden_from, key), own.function)
        for name, own in study_features(study).own.items()
    }


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
    cohort = cohort_features(paths.study, paths.valid, tasks, settings.known_later)
    features, excluded = cohort.features, cohort.excluded
    targets = study_features(paths.study).targets(cohort.tables)
    wanted = (*tasks, *settings.further_tasks)
    _check_targets(targets, wanted)
    columns = [column for task in wanted for column in task.target_columns]
    targets = (
        features.select(PERSON).join(targets, on=PERSON, how="left", maintain_order="left").select(PERSON, *columns)
    )
    splits = read_splits(paths.raw, settings.split, features)
    spec = cohort_spec(paths.study, cohort, tasks, settings.known_later)
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
