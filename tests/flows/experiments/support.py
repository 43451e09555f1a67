"""The heart study in a folder of its own, cut short, as the experiments find it: validated, with features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from flows.project.paths import StudyPaths
from flows.stages.features import run as build_features
from flows.stages.validate import run as validate
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON


def heart(root: Path, folder: Path, *, one_fold: bool = True, compare: Any = None, **changes: dict[str, Any]) -> Study:
    """The study with its features made in ``folder``.

    Args:
        one_fold: whether only the first fold of the first repeat is kept, as the final split too.
        compare: the block of that name instead of the study's own.
        changes: by block of the settings, what is otherwise than in params.yaml.
    """
    settings = load_settings(root, "heart")
    update = {block: getattr(settings, block).model_copy(update=change) for block, change in changes.items()}
    settings = settings.model_copy(update=update | ({"compare": compare} if compare else {}))
    paths = StudyPaths(folder, "heart")
    paths.raw.parent.mkdir(parents=True)
    paths.raw.symlink_to(root / "data" / "raw" / "heart")
    study = Study(paths.root, paths.study, given=settings)
    validate(study)
    build_features(study)
    if one_fold:
        file = paths.features / "splits.parquet"
        fold = pl.col("r0f0")
        pl.read_parquet(file).select(PERSON, fold.alias("final"), fold.alias("split")).write_parquet(file)
    return study
