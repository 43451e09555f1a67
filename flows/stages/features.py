"""Stage: one row a person of the cohort, columns by domain, with targets and splits beside them.

Where training is on a stream, all people lie in the folder ``all``, and the files beside it hold a sample of each part.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.by_shards import cohorts_of
from flows.features.cohort import Cohort, cohort_of, cohort_spec, nobody, value_faults
from flows.features.guard import FeatureError
from flows.features.labels import require_labels
from flows.features.people_files import PeopleFiles, count_parts, drawn
from flows.features.split_scan import SplitScan
from flows.features.splits import read_splits
from flows.features.targets import cohort_targets
from flows.project.paths import ALL, SUMMARY, read_json, replace_file, write_json, write_text
from flows.stages.command import run_stage
from flows.stores.valid import read_newcomers, read_valid
from flows.study.study import Study
from mtl_models.data.dataset import FeatureSpec
from mtl_models.settings import StreamingSettings


def cohort_features(study: Study, valid: Path) -> Cohort:
    """Features of the cohort of a folder of valid tables, by the function that scoring uses."""
    settings = study.settings
    return cohort_of(study.name, read_valid(study.name, valid), settings.task_records, settings.known_later)


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's valid tables."""
    paths, settings = study.paths, study.settings
    tasks = settings.task_records
    if settings.training.stream is not None:
        return run_by_shards(study, settings.training.stream)
    cohort = cohort_features(study, paths.valid)
    features, excluded = cohort.features, cohort.excluded
    if faults := value_faults(features):
        raise FeatureError(*faults)
    wanted = (*tasks, *settings.further_tasks)
    targets = cohort_targets(study.name, cohort.tables, features, wanted)
    splits = read_splits(paths.raw, settings.split, features, read_newcomers(paths.intake))
    require_labels(tasks, targets, splits)
    spec = cohort_spec(study.name, cohort, tasks)
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
        "n_labelled": {column: int(targets[column].count()) for column in targets.columns[1:]},
        "parts": dict(splits.group_by("final").len().sort("final").iter_rows()),
        "n_rows_rejected": sum(table["n_rejected"] for table in validation["tables"].values()),
    }
    write_json(paths.features / "summary.json", summary)
    return summary


def run_by_shards(study: Study, stream: StreamingSettings) -> dict[str, Any]:
    """The stage on more people than memory holds."""
    paths, settings = study.paths, study.settings
    tasks = settings.task_records
    files, counts = PeopleFiles(paths.features / ALL), _Counts()
    split = SplitScan(paths.raw, settings.split, read_newcomers(paths.intake))
    spec: FeatureSpec | None = None
    for keys, cohort in cohorts_of(study.contract, settings, paths.valid):
        features = cohort.features
        if faults := value_faults(features):
            raise FeatureError(*faults)
        targets = cohort_targets(study.name, cohort.tables, features, (*tasks, *settings.further_tasks))
        splits = split.of(features, keys.low, keys.high)
        found = cohort_spec(study.name, cohort, tasks)
        if spec is not None and spec != found:
            raise FeatureError("features of some people have other columns or categories: make them the same for all")
        spec = found
        files.add({"features": features, "targets": targets, "splits": splits})
        counts.add(cohort, targets, splits)
    files.close()
    if spec is None or not counts.n_cohort:
        raise FeatureError(nobody(study.name))
    split.require_parts()
    sample = drawn(paths.features / ALL, stream)
    require_labels(tasks, sample["targets"], sample["splits"])
    for name, frame in sample.items():
        replace_file(paths.features / f"{name}.parquet", frame.write_parquet)
    for folder in (paths.features, paths.features / ALL):
        write_text(folder / "features.json", spec.to_json())
    validation = read_json(paths.valid / SUMMARY)
    summary = {
        "n_people": counts.n_cohort + sum(counts.excluded.values()),
        "n_cohort": counts.n_cohort,
        "excluded": dict(sorted(counts.excluded.items())),
        "n_features": {domain: sum(f.domain == domain for f in spec.features) for domain in spec.domains},
        "n_labelled": dict(counts.labelled),
        "parts": dict(sorted(counts.parts.items())),
        "drawn": dict(sorted(count_parts(sample["splits"]).items())),
        "n_rows_rejected": sum(table["n_rejected"] for table in validation["tables"].values()),
    }
    write_json(paths.features / "summary.json", summary)
    return summary


@dataclass
class _Counts:
    """What all shards together say of the people."""

    n_cohort: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    labelled: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)

    def add(self, cohort: Cohort, targets: pl.DataFrame, splits: pl.DataFrame) -> None:
        self.n_cohort += cohort.features.height
        self.excluded.update(dict(cohort.excluded.group_by("reason", maintain_order=True).len().iter_rows()))
        self.labelled.update({column: int(targets[column].count()) for column in targets.columns[1:]})
        self.parts.update(count_parts(splits))


if __name__ == "__main__":
    run_stage(run)
