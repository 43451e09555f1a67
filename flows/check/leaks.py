"""Single features that foretell an outcome too well to be honest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from flows.features.cohort import Cohort, hidden_domains
from flows.features.labels import FINAL
from flows.project.settings import StudySettings
from flows.report.words import metric_name
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.describe import feature_spec
from mtl_models.metrics.alone import features_alone


def seen(spec: FeatureSpec, settings: StudySettings) -> FeatureSpec:
    """The features that the study's model has, by its view and its domains."""
    model = settings.model
    part = spec.core if model.view == "core" else spec
    return FeatureSpec(tuple(each for each in part.features if not model.domains or each.domain in model.domains))


def leak_faults(
    study: str, cohort: Cohort, targets: pl.DataFrame, splits: pl.DataFrame, settings: StudySettings
) -> Iterator[str]:
    """A sentence for every feature and task where the feature alone is beyond the task's limit, on training people."""
    tasks = [task for task in settings.task_records if task.role == "main"]
    spec = seen(feature_spec(cohort.features, hidden_domains(study, tasks)), settings)
    train = (splits[FINAL] == "train").to_numpy()
    dataset = Dataset.from_frames(cohort.features, targets, spec, tasks).take(np.flatnonzero(train))
    for alone in features_alone(dataset, spec, tasks, min_count=settings.evaluation.min_count):
        limit = settings.evaluation.too_good_for(alone.task)[alone.metric]
        if alone.value > limit:
            yield (
                f"feature {alone.feature} alone reaches {metric_name(alone.metric)} {alone.value:.3f} for task "
                f"{alone.task} in training people, above {limit:g}: is it a leak? Name its source column under `leaks` "
                f"of the task or `known_later`; if it is honest, raise evaluation.too_good.{alone.task}.{alone.metric}"
            )
