"""Distillation: a plain student that learns an ensemble's outputs on more rows than there are people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_models.baselines import BASELINES, BaselineSettings, require_library
from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.network.blanking import source_tables
from mtl_models.network.predictor import Predictor
from mtl_models.settings import DistillationSettings, parse_settings
from mtl_models.training.inputs import TrainingData
from mtl_models.training.prediction import predict
from mtl_models.wording import unknown

Predictions = dict[str, np.ndarray]


@dataclass(frozen=True)
class Swapped:
    """Made-up rows.

    Attributes:
        blanked: the rows that lack whole tables.
    """

    inputs: Matrices
    blanked: np.ndarray

    @property
    def whole(self) -> Matrices:
        """The rows that are not blanked, in their order."""
        return Matrices(self.inputs.numeric[~self.blanked], self.inputs.categorical[~self.blanked])


def swap_columns(
    train: Matrices, spec: FeatureSpec, settings: DistillationSettings, random: np.random.Generator
) -> Swapped:
    """Rows of training people in which some columns come from other training people, and some tables are missing.

    Each row draws its own chance of a swap, evenly from 0 to ``settings.swap``: some rows stay near people, others do
    not. A column's value is kept with its being missing, so that gaps are swapped as well.

    Source: Breiman and Shang, Born Again Trees (1996), section 3, "smearing" by marginals.

    Differs:
        One chance for all rows there.
    """
    n_people, n_rows = len(train), settings.rows
    base = random.integers(0, n_people, n_rows)
    inputs = Matrices(train.numeric[base], train.categorical[base])
    chance = random.uniform(0, settings.swap, n_rows)
    for matrix, source in ((inputs.numeric, train.numeric), (inputs.categorical, train.categorical)):
        for column in range(matrix.shape[1]):
            rows = np.flatnonzero(random.random(n_rows) < chance)
            matrix[rows, column] = source[random.integers(0, n_people, len(rows)), column]
    blanked = random.random(n_rows) < settings.blanked
    for table in source_tables(spec):
        rows = np.flatnonzero(blanked & (random.random(n_rows) < settings.blank_tables))
        for matrix, features, empty in (
            (inputs.numeric, spec.numeric, np.nan),
            (inputs.categorical, spec.categorical, -1),
        ):
            columns = np.flatnonzero([table in feature.tables for feature in features])
            matrix[np.ix_(rows, columns)] = empty
    return Swapped(inputs, blanked)


def teach(
    networks: Sequence[Predictor], boosted: Predictions, swapped: Swapped, settings: DistillationSettings
) -> Predictions:
    """The teacher's outputs: the mean of the networks, and a share of the boosters where no table is missing.

    The boosters never saw people without whole tables: there the networks teach alone.

    Args:
        boosted: what the boosters say of the rows that are not blanked, in their order.
    """
    outputs = [predict(network, swapped.inputs) for network in networks]
    taught = {task: np.mean([each[task] for each in outputs], axis=0) for task in outputs[0]}
    share, whole = settings.booster_share, ~swapped.blanked
    for task, said in boosted.items():
        taught[task][whole] = (1 - share) * taught[task][whole] + share * said
    return taught


def booster_settings(settings: DistillationSettings, baselines: BaselineSettings) -> BaselineSettings:
    """The settings of a teacher's boosters: the baselines' own with the teacher's changes.

    Raises:
        ValueError: for a booster that is no baseline, or a setting that it does not have.
    """
    where = "training.distillation"
    if wrong := sorted(set(settings.boosters) - set(BASELINES)):
        raise ValueError(f"{where}.boosters: {unknown(wrong[0], BASELINES)}")
    record = baselines.model_dump(include=set(BaselineSettings.model_fields))
    record |= {name: {**record.get(name, {}), **change} for name, change in settings.booster_settings.items()}
    return parse_settings(BaselineSettings, record, where=f"{where}.booster_settings")


def boost(
    data: TrainingData, rows: Matrices, settings: DistillationSettings, baselines: BaselineSettings, seed: int
) -> Predictions:
    """Mean of the boosters' predictions for some rows, each task from the features that it may see.

    Args:
        baselines: what :func:`booster_settings` gives.
    """
    asked = Dataset(np.arange(len(rows)), rows, {})
    found: dict[str, list[np.ndarray]] = {}
    for task in (task for task in data.tasks if task.role == "main"):
        part = data.spec.seen_by([task.name])
        parts = [each.select(data.spec, part) for each in (data.train, data.valid, asked)]
        for name in settings.boosters:
            require_library(name)
            fitted = BASELINES[name](parts[0], {"rows": parts[2]}, parts[1], task, part, baselines, seed)
            found.setdefault(task.name, []).append(fitted["rows"])
    return {task: np.mean(each, axis=0) for task, each in found.items()}


def taught_dataset(swapped: Swapped, taught: Mapping[str, np.ndarray]) -> Dataset:
    """The swapped rows with the teacher's outputs as targets: what the student is trained on."""
    return Dataset(np.arange(len(swapped.inputs)), swapped.inputs, dict(taught))
