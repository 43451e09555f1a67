"""What a version's nights are compared with, made when it is registered and kept beside it: counts alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from flows.fitting.names import FINAL, MODEL
from flows.nightly.watch.counting import EVERYBODY, Bins, Reference
from flows.stores.registry import ModelRegistry
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, FeatureSpec
from mtl_models.data.tasks import Task

FILE = "reference.json"
_LATER = r"^r[1-9]\d*f"  # a repeat of the folds after the first, which has everyone once
MOST_VALUES = 12  # a column of more is a number that has no groups


def write_reference(study: Study, folder: Path) -> Path:
    """Write the reference of the study's newest training, and give its file.

    Features are those of the training people. Scores are what the networks of the first seed said of people whom they
    were not trained on: of folds everyone's, of a fixed split the validation people's. What a model says of those that
    it learned from is more certain than what it says of others, and would be no reference for a night.
    """
    features = pl.read_parquet(study.paths.features / "features.parquet")
    splits = pl.read_parquet(study.paths.features / "splits.parquet")
    trained = splits.filter(pl.col(FINAL) == "train")[PERSON]
    part = "test" if study.settings.split.kind == "folds" else "valid"
    rows = (
        pl.scan_parquet(study.paths.models / "predictions.parquet")
        .filter(pl.col("model") == MODEL.text, pl.col("part") == part)
        .filter(pl.col("seed") == pl.col("seed").min(), ~pl.col("resample").str.contains(_LATER))
        .collect()
    )
    spec = FeatureSpec.from_json((study.paths.features / "features.json").read_text())
    learned = features.filter(pl.col(PERSON).is_in(trained.implode()))
    found = reference_of(learned, features, rows, spec, study.settings.task_records, study.settings.gate.subgroups)
    (folder / FILE).write_text(found.to_json())
    return folder / FILE


def reference_of(
    learned: pl.DataFrame,
    features: pl.DataFrame,
    said: pl.DataFrame,
    spec: FeatureSpec,
    tasks: Sequence[Task],
    subgroups: Mapping[str, tuple[float, ...]],
) -> Reference:
    """A reference from people.

    Args:
        learned: features of the training people.
        features: of all people.
        said: predictions of people that a model was not trained on, one row a person or several.
        spec: of the features.
        tasks: the outcomes.
        subgroups: features that tell groups apart, with the numbers that part them.
    """
    bins = {each.name: Bins.of(learned[each.name], each.categories) for each in spec.features}
    columns = [name for task in tasks if task.role == "main" for name in task.prediction_columns]
    bins |= {name: Bins.of(said[name]) for name in columns}
    groups, cuts = [(EVERYBODY, "", 0)], dict[str, tuple[float, ...]]()
    for column, given in subgroups.items():
        if column in features.columns and (names := list(_groups(learned[column], bins[column], given))):
            cuts[column] = () if bins[column].values else tuple(sorted(given)) or bins[column].edges
            groups += [(f"{column}, {name}", column, place) for place, name in names]
    blank = Reference(bins, cuts, tuple(groups))
    inputs = blank.count(learned, [each.name for each in spec.features], blank.parts(learned))
    of_said = said.select(PERSON, *columns).join(features, on=PERSON, how="inner", maintain_order="left")
    scores = blank.count(of_said, columns, blank.parts(of_said))
    return Reference(bins, cuts, tuple(groups), inputs, scores)


def _groups(column: pl.Series, bins: Bins, cuts: Sequence[float]) -> Iterator[tuple[int, str]]:
    """The groups that a column tells apart: the number of each among its bins, and its name; none of a number."""
    if bins.values:
        yield from enumerate(bins.values)
    elif cuts:
        edges = [-np.inf, *sorted(cuts), np.inf]
        for place, (low, high) in enumerate(pairwise(edges)):
            within = f"under {high:g}" if low == -np.inf else f"{low:g} and more" if high == np.inf else ""
            yield place, within or f"{low:g} to {high:g}"
    else:
        distinct = column.cast(pl.Float64).drop_nulls().unique().sort()
        if 1 < len(distinct) <= min(MOST_VALUES, len(bins.edges) + 1):
            yield from ((place, f"{value:g}") for place, value in enumerate(distinct))


def kept_reference(registry: ModelRegistry, version: str) -> Reference | None:
    """That of a version; nothing of one that was registered before it was kept.

    Raises:
        ValueError: if its bytes changed.
    """
    path = registry.companion(version, FILE)
    return Reference.from_json(path.read_text()) if path else None
