"""Stage: one row a person of the cohort, columns by domain, with targets and splits beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.features.cohort import Cohort, cohort_of, cohort_spec, value_faults
from flows.features.guard import FeatureError
from flows.features.labels import require_labels
from flows.features.splits import read_splits
from flows.features.targets import cohort_targets
from flows.project.paths import SUMMARY, read_json, replace_file, write_json, write_text
from flows.stages.command import run_stage
from flows.stores.valid import read_newcomers, read_valid
from flows.study.study import Study


def cohort_features(study: Study, valid: Path) -> Cohort:
    """Features of the cohort of a folder of valid tables, by the function that scoring uses."""
    settings = study.settings
    return cohort_of(study.name, read_valid(study.name, valid), settings.task_records, settings.known_later)


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's valid tables."""
    paths, settings = study.paths, study.settings
    tasks = settings.task_records
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


if __name__ == "__main__":
    run_stage(run)
