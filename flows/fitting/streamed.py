"""The shared model trained on a stream of people; the drawn sample of held-out people is predicted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.fitting.jobs import Job, StudyData
from flows.project.paths import ALL
from mtl_models.data.shards import Shards

if TYPE_CHECKING:
    from mtl_models.training.fit import Fitted


def fit_streamed(
    job: Job, study: StudyData, features: Path, *, progress: bool = False
) -> tuple[Fitted, pl.DataFrame, dict[str, Any]]:
    """Fit one network on all training people, and predict the sample's people of the other parts.

    Args:
        job: which network.
        study: the sample.
        features: the folder of features, with that of all people in it.

    Returns:
        The network, rows of predictions, and how many people it learned from and was chosen by.
    """
    from mtl_models.training.fit import FitSettings
    from mtl_models.training.prediction import predict
    from mtl_models.training.reproducible import reproducible
    from mtl_models.training.streaming import fit_shards

    given = study.of(job)
    how = FitSettings(given.settings.model, given.settings.training, given.settings.baselines)
    shards = Shards.open(features / ALL, job.tasks, resample=job.resample)
    found = fit_shards(shards, how, seed=job.seed, progress=progress)
    with reproducible(job.seed, how.training.threads):
        values = {part: predict(found.fitted.network, people) for part, people in given.held_out.items()}
    counts = {
        "n_train": found.n_train,
        "n_sampled": found.n_sampled,
        "n_valid": found.n_valid,
        "n_validated": found.n_validated,
    }
    return found.fitted, job.rows(given.held_out, values), counts
