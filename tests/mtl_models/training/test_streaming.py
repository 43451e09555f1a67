"""Training on shards: every row once an epoch, the same statistics, the same bytes again, and files that must agree."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import plan_layout
from mtl_models.data.shards import Shards, concatenate, draw
from mtl_models.network.checkpoint import save_network
from mtl_models.network.network import Network
from mtl_models.serving.export import export_onnx
from mtl_models.settings import TrainingSettings
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.stream import Stream
from mtl_models.training.streaming import StreamingSettings, fit_shards
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING, make_frames

ROOT = Path(__file__).parents[3]
N = 900
SMALL = StreamingSettings(buffer_rows=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feature folder; every third person validates."""
    path = tmp_path_factory.mktemp("features")
    features, targets = make_frames(N, 1)
    part = np.where(np.arange(N) % 3 == 0, "valid", "train")
    features.write_parquet(path / "features.parquet", row_group_size=100)
    targets.write_parquet(path / "targets.parquet")
    features.select("person_id").with_columns(pl.Series("final", part)).write_parquet(path / "splits.parquet")
    (path / "features.json").write_text(SPEC.to_json())
    return path


@pytest.fixture(scope="module")
def shards(folder: Path) -> Shards:
    return Shards.open(folder, TASKS, shard_rows=70)


@pytest.fixture(scope="module")
def whole() -> Dataset:
    return Dataset.from_frames(*make_frames(N, 1), SPEC, TASKS)


def same(ours: Dataset, theirs: Dataset) -> bool:
    pairs = [(ours.inputs.numeric, theirs.inputs.numeric), (ours.inputs.categorical, theirs.inputs.categorical)]
    pairs += [(ours.targets[task], theirs.targets[task]) for task in theirs.targets]
    return list(ours.person) == list(theirs.person) and all(np.array_equal(*p, equal_nan=True) for p in pairs)


def test_shards_are_the_people_of_a_part_in_the_files_order(shards: Shards, whole: Dataset) -> None:
    rows = np.arange(N)
    assert len(shards) == 13
    assert same(concatenate(list(shards)), whole.take(rows[rows % 3 != 0]))
    assert same(concatenate(list(shards.of_part("valid"))), whole.take(rows[rows % 3 == 0]))


def test_a_folder_of_files_is_one_table(folder: Path, shards: Shards, tmp_path: Path) -> None:
    for name in ("features", "targets", "splits"):
        frame = pl.read_parquet(folder / f"{name}.parquet")
        (tmp_path / f"{name}.parquet").mkdir()
        for number, start in enumerate(range(0, N, 250)):
            frame.slice(start, 250).write_parquet(tmp_path / f"{name}.parquet" / f"part-{number:03}.parquet")
    (tmp_path / "features.json").write_text(SPEC.to_json())
    assert same(concatenate(list(Shards.open(tmp_path, TASKS))), concatenate(list(shards)))


@pytest.mark.parametrize("n_most", [600, 599, 100, 3])
def test_people_are_drawn_with_the_same_chance_and_all_where_they_are_few(shards: Shards, n_most: int) -> None:
    drawn = draw(shards, n_most, 0)
    places = [int(person[1:]) for person in drawn.people.person]
    assert (len(places), drawn.n_rows) == (n_most, 600)
    assert places == sorted(set(places))
    if n_most == 600:
        assert same(drawn.people, concatenate(list(shards)))
    if n_most == 100:
        # over many seeds no place is favoured: the mean of the places is that of all, within five deviations of it
        means = [np.mean([int(p[1:]) for p in draw(shards, n_most, seed).people.person]) for seed in range(20)]
        assert abs(np.mean(means) - N / 2) < 5 * 260 / np.sqrt(20 * n_most)


@pytest.mark.parametrize(("buffer", "size"), [(1, 64), (200, 64), (10_000, 64), (200, 300)])
def test_an_epoch_has_every_row_once_in_whole_batches_and_a_new_order(shards: Shards, buffer: int, size: int) -> None:
    people = concatenate(list(shards))
    network = Network(SPEC, TASKS, MODEL, plan_layout(SPEC, people.inputs))
    network.fit_statistics(people)
    stream, order = Stream(shards, network, torch.device("cpu"), buffer), np.random.default_rng(0)
    first, second = (list(stream.batches(order, size)) for _ in range(2))
    assert [len(batch) for batch in first] == [size] * (600 // size) + ([600 % size] if 600 % size else [])
    ages = [torch.cat([batch.prepared.values[:, 0] for batch in epoch]) for epoch in (first, second)]
    assert torch.equal(ages[0].sort().values, ages[1].sort().values)
    assert not torch.equal(*ages)


def test_a_network_of_shards_learns_exports_and_repeats_to_the_byte(shards: Shards, tmp_path: Path) -> None:
    how = FitSettings(MODEL, TRAINING)
    first, again = (fit_shards(shards, how, SMALL) for _ in range(2))
    assert (first.n_train, first.n_valid, first.n_sampled, first.n_validated) == (600, 300, 600, 300)
    for name, streamed in (("first", first), ("again", again)):
        save_network(streamed.fitted.network, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()
    people, valid = (concatenate(list(part)) for part in (shards, shards.of_part("valid")))
    memory = fit(TrainingData(people, valid, SPEC, TASKS), how)
    scores = [each.history[each.epoch - 1].score for each in (first.fitted, memory)]
    assert scores[0] == pytest.approx(scores[1], abs=0.03)
    for name, buffer in memory.network.preprocess.state_dict().items():
        assert torch.equal(first.fitted.network.preprocess.state_dict()[name], buffer), name
    export_onnx(first.fitted.network, tmp_path / "model.onnx", metadata={}, check=valid)


def test_less_is_drawn_than_there_is_and_said(shards: Shards) -> None:
    how = FitSettings(MODEL, TRAINING.model_copy(update={"epochs": 1}))
    found = fit_shards(shards, how, StreamingSettings(sample_rows=200, valid_rows=100))
    assert (found.n_train, found.n_valid, found.n_sampled, found.n_validated) == (600, 300, 200, 100)


def test_files_that_do_not_belong_together_are_refused_without_a_persons_name(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    targets = pl.read_parquet(folder / "targets.parquet")
    targets.reverse().write_parquet(tmp_path / "targets.parquet")
    with pytest.raises(
        ValueError, match=r"targets\.parquet names 70 other people than features\.parquet in rows 1 to 70"
    ):
        Shards.open(tmp_path, TASKS, shard_rows=70).read(0)
    targets.head(10).write_parquet(tmp_path / "targets.parquet")
    with pytest.raises(ValueError, match=r"targets\.parquet has 10"):
        Shards.open(tmp_path, TASKS)
    with pytest.raises(ValueError, match="has no column r0f0"):
        Shards.open(folder, TASKS, resample="r0f0")
    with pytest.raises(ValueError, match="calls nobody test in final"):
        draw(Shards.open(folder, TASKS, part="test"), 10, 0)


def test_a_teacher_is_refused(shards: Shards) -> None:
    training = TrainingSettings.model_validate({"distillation": {"networks": 1}})
    with pytest.raises(ValueError, match=r"training\.distillation: a teacher needs its people in memory"):
        fit_shards(shards, FitSettings(MODEL, training))


def test_the_page_on_streaming_runs(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "streaming.md").read_text(), re.DOTALL)
    (tmp_path / "data" / "features").mkdir(parents=True)
    (tmp_path / "data" / "features" / "mine").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    names = {"tasks": TASKS}
    exec(block, names)
    assert (tmp_path / "model.onnx").exists()
