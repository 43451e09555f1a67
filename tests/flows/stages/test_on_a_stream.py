"""Stages where training is on a stream: the same features whatever the shards, and a model judged on a drawn sample."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from flows.check.study import check_study
from flows.features import people_files
from flows.features.split_scan import SplitScan
from flows.features.splits import SplitError
from flows.fitting.jobs import StudyData
from flows.project.hashing import sha256
from flows.project.paths import ALL
from flows.stages import baselines, features, train
from flows.stages.evaluate import stream_words
from flows.stages.validate import validate
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.metrics.summary import summarise
from mtl_models.wording import SettingsError

STREAM = {"buffer_rows": 64, "sample_rows": 60, "valid_rows": 30, "test_rows": 20}
FILES = ("features", "targets", "splits")


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the heart study with one part a person, its raw tables validated."""
    path = tmp_path_factory.mktemp("stream")
    shutil.copytree(root / "data" / "raw" / "heart", path / "data" / "raw" / "heart")
    shutil.copytree(root / "presets", path / "presets")
    folds = pl.read_csv(path / "data" / "raw" / "heart" / "splits" / "folds.csv", infer_schema=False)
    part = pl.col("repeat0").replace_strict({"0": "test", "1": "valid"}, default="train").alias("split")
    folds.select("id", part).write_csv(path / "data" / "raw" / "heart" / "splits" / "split.csv")
    write(path, root)
    study = Study(path, "heart")
    validate(study, study.paths.raw, study.paths.valid)
    return path


def write(path: Path, root: Path, people: int = 100_000, stream: dict[str, int] | None = STREAM, **other: Any) -> Study:
    block = yaml.safe_load((root / "params.yaml").read_text())["studies"]["heart"]
    block["split"] = {"file": "splits/split.csv", "person": "id", "kind": "fixed"}
    block["training"] |= {"epochs": 2, "seeds": [0], **({"stream": stream} if stream else {})}
    block |= {"shards": {"people": people}, "baselines": {"models": ["linear"]}, **other}
    (path / "params.yaml").write_text(yaml.safe_dump({"studies": {"heart": block}}))
    return Study(path, "heart")


def frames(folder: Path) -> dict[str, pl.DataFrame]:
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in FILES}


def test_all_people_are_those_in_memory_whatever_the_shards(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_files, "FILE_ROWS", 64)
    study = write(folder, root, stream=None)
    whole = features.run(study)
    known = frames(study.paths.features)
    hashes, counted = [], []
    for people in (100_000, 40):
        counted.append(features.run(write(folder, root, people)))
        found = frames(study.paths.features / ALL)
        assert all(found[name].equals(known[name]) for name in FILES)
        hashes.append(
            {path.name: sha256(path) for path in sorted(study.paths.features.rglob("*.parquet")) if path.is_file()}
        )
    assert hashes[0] == hashes[1]
    assert counted[0] == counted[1]
    assert {name: counted[0][name] for name in whole} == whole
    sample = frames(study.paths.features)
    drawn = dict(sample["splits"]["final"].value_counts().iter_rows())
    assert drawn == counted[0]["drawn"] == {"train": 60, "valid": 30, "test": 20}
    for name in FILES:
        assert sample[name].equals(known[name].join(sample["features"].select(PERSON), on=PERSON, how="semi"))
    features.run(write(folder, root, stream=dict.fromkeys(("sample_rows", "valid_rows", "test_rows"), 1000)))
    assert all(each.equals(known[name]) for name, each in frames(study.paths.features).items())


def test_a_model_learns_from_all_and_is_judged_on_the_sample(folder: Path, root: Path) -> None:
    study = write(folder, root)
    people = features.run(study)
    trained = train.run(study)
    assert trained["stream"] == {"n_train": people["parts"]["train"], "n_sampled": 60, "n_valid": 61, "n_validated": 30}
    predictions, known = pl.read_parquet(study.paths.models / "predictions.parquet"), frames(study.paths.features)
    job = next(iter(baselines.plan(study.settings, ["split"])))[0]
    others = baselines.fit_one(job, StudyData.read(study.paths.features, study.settings))
    assert set(others[PERSON]) == set(predictions[PERSON])
    assert set(predictions[PERSON]) == set(known["splits"].filter(pl.col("final") != "train")[PERSON])
    again = (study.paths.models / "network.safetensors").read_bytes()
    train.run(study)
    assert (study.paths.models / "network.safetensors").read_bytes() == again
    evaluation = study.settings.evaluation.model_copy(update={"replicates": 20})
    tasks = study.settings.task_records
    found = summarise(predictions, known["targets"], known["splits"], tasks, part="test", settings=evaluation)
    assert found["n_people"] == 20
    said = stream_words(people)
    assert "all 181 training people" in said
    assert "20 of the 61 test people" in said
    assert stream_words(json.loads(json.dumps({**people, "drawn": None}))) == ""


def test_what_cannot_stream_is_refused_at_the_settings(folder: Path, root: Path) -> None:
    folds = {"split": {"file": "splits/folds.csv", "person": "id", "kind": "folds"}}
    with pytest.raises(SettingsError, match=r"training.stream. needs a split of kind fixed"):
        _ = write(folder, root, **folds).settings
    taught = {"training": {"stream": STREAM, "distillation": {"networks": 1, "rows": 100}}}
    with pytest.raises(SettingsError, match=r"a teacher needs its people in memory"):
        _ = write(folder, root, **taught).settings
    write(folder, root)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("id,split\n1,train\n2,valid\n2,test\n3,test\n", "a person stands there twice, again first in line 4"),
        ("id,split\n1,train\n2,valid\n3,tset\n", "line 4 does not hold one of the parts"),
        ("id,split\n1,train\n2,valid\n", "1 or more people of the cohort have no split"),
        ("id,part\n1,train\n", "the header has no column `split`"),
        ("id,split\n1,train\n2,train,x\n3,test\n", "with as many fields a row as the header"),
    ],
)
def test_a_split_file_that_is_wrong_is_named(tmp_path: Path, folder: Path, root: Path, rows: str, said: str) -> None:
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "split.csv").write_text(rows)
    people = pl.DataFrame({PERSON: ["1", "2", "3"]})
    with pytest.raises(SplitError, match=said):
        SplitScan(tmp_path, write(folder, root).settings.split).of(people, None, None)


def test_a_part_of_nobody_is_named_once_all_ranges_are_read(tmp_path: Path, folder: Path, root: Path) -> None:
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "split.csv").write_text(" id ,split\n1,train\n 2,valid\n")
    split = SplitScan(tmp_path, write(folder, root).settings.split)
    assert split.of(pl.DataFrame({PERSON: ["1"]}), None, "2")["split"].to_list() == ["train"]
    assert split.of(pl.DataFrame({PERSON: ["2"]}), "2", None)["split"].to_list() == ["valid"]
    with pytest.raises(SplitError, match="the part test has nobody of the cohort"):
        split.require_parts()


def test_a_check_looks_at_the_first_shard_and_says_so(folder: Path, root: Path) -> None:
    study = write(folder, root, stream=None)
    whole = check_study(study, lambda: [])
    first = check_study(write(folder, root, shards={"people": 100, "at_once_mb": 0}), lambda: [])
    assert not whole.faults
    assert not first.faults
    assert 50 < first.n_people < 200 < whole.n_people
    assert any("the first of 4 shards" in said for said in first.warnings)
