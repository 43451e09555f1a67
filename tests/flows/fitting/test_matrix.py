"""Every way of sharing on the real features of every study: each encoder and trunk, each preset, each balancer.

A sample of rows and one epoch. The presets of a study are exported to a file each; the encoders and trunks that they
leave out go into one file a study, with one task each in turns. Left out, since exports cost seconds: the export of
each encoder and trunk on more than one study, and all pairs of encoder and trunk, which need no real columns
(tests/mtl_models/network/test_matrix.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.fitting.jobs import in_view
from flows.project.paths import StudyPaths
from flows.project.settings import Candidate, StudySettings
from flows.stages.features import run as build_features
from flows.stages.validate import run as validate
from flows.study.candidates import settings_of
from flows.study.load import load_settings
from flows.study.presets import preset_names, read_preset
from flows.study.study import Study
from mtl_models.data.dataset import Dataset, FeatureSpec, read_dataset
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.network import Network
from mtl_models.network.task_networks import TaskNetworks
from mtl_models.network.trunks import TRUNKS
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.settings import Component, ModelSettings
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.prediction import predict
from tests.support import SAMPLES

N_TRAIN, N_VALID = 200, 80
SMALL: dict[str, dict[str, Any]] = {
    "grouped": {},
    "ple": {"levels": 1, "widths": [8]},
    "tabm": {"k": 2, "d_block": 16, "n_blocks": 1},
}
# presets that name no study's tasks are tried where the architecture was meant for
MEANT = {
    "nhanes": ["two_domains", "domain_embeddings", "grid_convolution"],
    "heart": ["shared_32_64"],
    "whas500": ["shared_64_64"],
    "nmes1988": ["mixed_outcomes"],
}


@dataclass(frozen=True)
class Sample:
    """Some people of a study; the frame holds the features of the second part."""

    study: str
    settings: StudySettings
    spec: FeatureSpec
    train: Dataset
    valid: Dataset
    frame: pl.DataFrame


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    study: str = request.param
    # the plain network of the comparison: the study's own may learn from a teacher, which is no way of sharing
    paths, settings = (
        StudyPaths(tmp_path_factory.mktemp(study), study),
        settings_of(load_settings(root, study), "shared"),
    )
    paths.raw.parent.mkdir(parents=True)
    paths.raw.symlink_to(root / "data" / "raw" / study)
    validate(Study(paths.root, paths.study, given=settings))
    build_features(Study(paths.root, paths.study, given=settings))
    people, spec, _ = read_dataset(paths.features, settings.task_records)
    rows = np.random.default_rng(1).permutation(len(people))[: N_TRAIN + N_VALID]
    frame = pl.read_parquet(paths.features / "features.parquet")[rows[N_TRAIN:]]
    return Sample(study, settings, spec, people.take(rows[:N_TRAIN]), people.take(rows[N_TRAIN:]), frame)


def train_some(sample: Sample, settings: StudySettings, prefix: str = "") -> Network:
    """One epoch on the tasks of the settings, renamed if there is a prefix."""
    training = settings.training.model_copy(update={"epochs": 1, "batch_size": 100})
    tasks = [replace(task, name=f"{prefix}{task.name}") for task in settings.task_records]
    named = (
        replace(part, targets={f"{prefix}{name}": target for name, target in part.targets.items()})
        for part in (sample.train, sample.valid)
    )
    (train, spec), (valid, _) = (in_view(part, sample.spec, settings, settings.task_records) for part in named)
    return fit(TrainingData(train, valid, spec, tasks), FitSettings(settings.model, training)).network


def changed(settings: StudySettings, candidate: Candidate) -> StudySettings:
    """The settings of one candidate of a comparison."""
    compare = settings.compare.model_copy(update={"candidates": {"candidate": candidate}})
    return settings_of(settings.model_copy(update={"compare": compare}), "candidate")


def check_scores(sample: Sample, network: Network, path: Path) -> None:
    """Exported, the network scores the study's feature table as torch does."""
    seen = sample.valid.select(sample.spec, network.spec)
    export_onnx(network, path, metadata={"study": sample.study}, check=seen)
    scores, expected = Scorer(path).score(sample.frame), predict(network, seen)
    for task in network.tasks:
        found = scores.select(task.prediction_columns).to_numpy()
        np.testing.assert_allclose(found, expected[task.name], rtol=2e-5, atol=2e-5)


def test_each_sample_study_and_preset_is_in_the_matrix(root: Path) -> None:
    assert set(MEANT) == set(SAMPLES)
    assert sorted(name for names in MEANT.values() for name in names) == preset_names(root)


def test_the_presets_meant_for_a_study_train_export_and_score(sample: Sample, root: Path, tmp_path: Path) -> None:
    for name in MEANT[sample.study]:
        preset = read_preset(root, name)
        candidate = Candidate(model=preset.model, training=preset.training, tasks=preset.tasks)
        settings = changed(sample.settings, candidate)
        network = train_some(sample, settings)
        assert {task.name for task in network.tasks} == set(preset.tasks or sample.train.targets)
        check_scores(sample, network, tmp_path / f"{name}.onnx")


def test_every_other_encoder_and_trunk_trains_and_some_score(sample: Sample, root: Path, tmp_path: Path) -> None:
    models = [ModelSettings.model_validate(read_preset(root, name).model) for name in MEANT[sample.study]]
    turn = SAMPLES.index(sample.study)
    of_turn = {*sorted(ENCODERS)[turn :: len(SAMPLES)], *sorted(TRUNKS)[turn :: len(SAMPLES)]}

    def first_of_turn(names: set[str]) -> list[str]:
        """Those of this turn beside each other: few networks are exported then."""
        return sorted(names, key=lambda name: (name not in of_turn, name))

    encoders = first_of_turn(set(ENCODERS) - {model.encoder.name for model in models})
    trunks = first_of_turn(set(TRUNKS) - {model.trunk.name for model in models})
    tasks = [task.name for task in sample.settings.task_records]
    networks: dict[str, Network] = {}
    for place in range(max(len(encoders), len(trunks))):
        encoder, trunk = encoders[place % len(encoders)], trunks[place % len(trunks)]
        own, other = tasks[place % len(tasks)], tasks[(place + 1) % len(tasks)]
        model = {"encoder": encoder, "trunk": {"name": trunk, **SMALL.get(trunk, {"widths": [8]})}}
        settings = changed(sample.settings, Candidate(model={**model, "heads": {}}, tasks=(own, other)))
        prefix = f"{encoder}_{trunk}_"
        networks[f"{prefix}{own}"] = train_some(sample, settings, prefix)
    assert {network.settings.encoder.name for network in networks.values()} == set(encoders)
    assert {network.settings.trunk.name for network in networks.values()} == set(trunks)
    exported = {
        name: network
        for name, network in networks.items()
        if of_turn & {network.settings.encoder.name, network.settings.trunk.name}
    }
    assert exported
    check_scores(sample, TaskNetworks(exported), tmp_path / "model.onnx")


def test_every_balancer_trains(sample: Sample) -> None:
    for name in BALANCERS:
        training = sample.settings.training.model_copy(update={"balancing": Component(name=name)})
        settings = sample.settings.model_copy(update={"training": training})
        network = train_some(sample, settings)
        predicted = predict(network, sample.valid.select(sample.spec, network.spec))
        assert all(np.isfinite(values).all() for values in predicted.values()), name
