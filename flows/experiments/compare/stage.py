"""Stage: train a named set of ways to share on one study's resamples, and rank them on its validation people."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.experiments.compare.fits import reference_predictions, reference_view, train_missing
from flows.experiments.compare.leaderboard import leaderboard
from flows.experiments.compare.page import BASELINES, BOOSTERS, comparison_page
from flows.fitting.names import FINAL
from flows.project.paths import write_json, write_text
from flows.stages.command import run_stage
from flows.study.candidates import method_of
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.joint import JOINT


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's features; the baselines' predictions stand beside the candidates'."""
    paths, settings = study.paths, study.settings
    splits = pl.read_parquet(paths.features / "splits.parquet")
    resamples = [column for column in splits.columns if column not in (PERSON, FINAL)]
    files = train_missing(study, paths.models / "compare", resamples)
    baselines = reference_predictions(study, paths.models / "compare" / "references", resamples)
    frames = [pl.read_parquet(path) for path in files.values()]
    # a candidate of some tasks has no columns for the others
    known = [frame.select(column for column in baselines.columns if column in frame.columns) for frame in frames]
    predictions = pl.concat([*known, baselines], how="diagonal")
    targets = pl.read_parquet(paths.features / "targets.parquet")
    methods = {name: method_of(settings, name) for name in settings.compare.candidates}
    unseeded = [name for name, method in methods.items() if method and not JOINT[method.name].seeded]
    unseeded += [name for name in settings.baselines.models if name in BASELINES and name not in BOOSTERS]
    view = (reference_view(settings) or settings).model.view
    board = leaderboard(predictions, targets, splits, settings.task_records, settings.evaluation, view, unseeded)
    write_json(paths.reports / "compare.json", board)
    write_text(paths.reports / "compare.html", comparison_page(settings.title, board))
    return board


if __name__ == "__main__":
    run_stage(run, depth="parts")
