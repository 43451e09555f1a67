"""Embeddings written out: whose they are, the same bytes twice, and nobody in what is shown."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.cli.tables import segments as segments_table
from flows.experiments.embed.outcomes import outcome_means, outcomes_of
from flows.experiments.embed.plot import embedding_figure, squares
from flows.experiments.embed.vectors import Source, embed, find_source
from flows.project.paths import StudyPaths
from flows.project.settings import Candidate, CompareSettings, StudySettings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, read_dataset
from mtl_models.kinds.base import SHARE, Facet
from mtl_models.settings import ModelSettings
from tests.flows.experiments.support import heart
from tests.mtl_models.conftest import TASKS, make_dataset

DOMAINS = {"encoder": {"name": "domains", "width": 4}}


@pytest.fixture(scope="module")
def stage(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The heart study, two epochs, a candidate with an encoder of domains."""
    candidates = {"shared": Candidate(), "own vectors": Candidate(model=DOMAINS)}
    compare = CompareSettings(candidates=candidates)
    return heart(root, tmp_path_factory.mktemp("embed"), one_fold=False, training={"epochs": 2}, compare=compare)


@pytest.fixture(scope="module")
def summary(stage: Study) -> dict[str, Any]:
    return embed(stage, find_source(stage, None), n_segments=4)


def contents(stage: Study) -> dict[str, bytes]:
    files = [*stage.paths.embeddings.iterdir(), *stage.paths.reports.glob("embeddings.*")]
    return {path.name: path.read_bytes() for path in files}


def test_vectors_neighbours_and_segments_of_everyone(stage: Study, summary: dict[str, Any]) -> None:
    people = read_dataset(stage.paths.features, stage.settings.task_records)[0].person.tolist()
    frames = {path.name: pl.read_parquet(path) for path in stage.paths.embeddings.iterdir()}
    assert set(frames) == {f"own_vectors{kind}.parquet" for kind in ("", ".neighbours", ".segments")}
    vectors, segments = frames["own_vectors.parquet"], frames["own_vectors.segments.parquet"]
    assert vectors[PERSON].to_list() == segments[PERSON].to_list() == people
    assert all(re.fullmatch(r"[a-z_]+__e\d+", name) for name in vectors.columns[1:])
    assert sum(summary["domains"].values()) == len(vectors.columns) - 1
    assert frames["own_vectors.neighbours.parquet"].height == 5 * len(people)
    sizes = segments["segment"].value_counts().sort("segment")["count"].to_list()
    assert sizes == sorted(sizes, reverse=True)
    assert [row["n"] for row in summary["segments"]] == [n if n >= 10 else None for n in sizes]


def test_the_network_is_kept_and_everything_has_the_same_bytes_again(stage: Study, summary: dict[str, Any]) -> None:
    (kept,) = (stage.paths.models / "embeddings").iterdir()
    before, trained = contents(stage), kept.read_bytes()
    moment = kept.stat().st_mtime_ns
    source = find_source(stage, "own vectors")
    assert embed(stage, source, n_segments=4) == summary
    assert kept.stat().st_mtime_ns == moment
    kept.unlink()
    embed(stage, source, n_segments=4)
    assert kept.read_bytes() == trained
    assert contents(stage) == before
    # a network of other settings takes its place
    shorter = stage.settings.training.model_copy(update={"epochs": 1})
    changed = find_source(stage.with_settings(stage.settings.model_copy(update={"training": shorter})), None)
    embed(stage, changed, n_segments=4, out=stage.paths.root / "elsewhere.parquet")
    assert not kept.exists()
    assert len(list((stage.paths.models / "embeddings").iterdir())) == 1
    assert (stage.paths.root / "elsewhere.neighbours.parquet").is_file()


def test_nobody_is_in_what_is_shown(stage: Study, summary: dict[str, Any]) -> None:
    people = read_dataset(stage.paths.features, stage.settings.task_records)[0].person.tolist()
    text = (stage.paths.reports / "embeddings.json").read_text()
    assert set(json.loads(text)) == set(summary) - {"files"}
    assert summary["shaded_by"] == "disease"
    figure = (stage.paths.reports / "embeddings.svg").read_text()
    marks = re.findall(r'<g id="patch_\d+">', figure)
    assert len(marks) < len(people) / 2
    quoted = set(re.findall(r'"([^"]*)"', text)) | set(re.findall(r">([^<>\n]+)<", figure))
    assert not quoted & set(people)


def test_the_page_in_docs_names_every_key_and_its_python_runs(
    root: Path, stage: Study, summary: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    section = (root / "docs" / "sharing.md").read_text().split("## Embeddings")[1]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [key for key in summary if key != "files"]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    exec(block.replace("data/embeddings/nhanes/domain_embeddings", str(stage.paths.embeddings / "own_vectors")), {})
    assert "segment" in capsys.readouterr().out


def test_persons_lie_beside_the_data_and_out_of_git(root: Path) -> None:
    folder = StudyPaths(root, "heart").embeddings
    assert folder.is_relative_to(root / "data")
    ignored = ["git", "check-ignore", "--quiet", str(folder / "own_vectors.parquet")]
    assert subprocess.run(ignored, cwd=root, check=False).returncode == 0


def test_the_study_own_model_comes_first_and_must_be_trained(stage: Study) -> None:
    model = ModelSettings.model_validate({**stage.settings.model.model_dump(), **DOMAINS})
    source = find_source(stage.with_settings(stage.settings.model_copy(update={"model": model})), None)
    assert source.is_model
    with pytest.raises(FileNotFoundError, match="no trained model"):
        embed(stage, source)


def test_what_cannot_be_read_is_said_in_one_sentence(stage: Study) -> None:
    none: StudySettings = stage.settings.model_copy(update={"compare": CompareSettings()})
    with pytest.raises(ValueError, match=r"name one in params.yaml under studies.heart.compare.candidates"):
        find_source(stage.with_settings(none), None)
    with pytest.raises(ValueError, match="no candidate 'odd'; it has shared, own vectors"):
        find_source(stage, "odd")
    with pytest.raises(ValueError, match="is no network with the encoder 'domains'"):
        find_source(stage, "shared")
    with pytest.raises(ValueError, match="no outcome 'odd' to shade by; there are thal__normal"):
        embed(stage, Source("own vectors", stage.settings), outcome="odd")


def test_the_first_run_with_vectors_is_read_where_the_model_has_none(root: Path) -> None:
    assert find_source(Study(root, "nhanes"), None).settings.model.encoder.name == "domains"


def test_outcomes_of_every_kind() -> None:
    dataset = make_dataset(50, 1)
    found = outcomes_of(TASKS, dataset)
    expected = ["tall", "ill", "type__a", "type__b_b", "type__c", "grade", "conditions__x", "conditions__y_z"]
    assert list(found) == expected  # the auxiliary one is not shown
    assert found["tall"].unit == "cm"
    assert found["grade"].unit == "0 low to 2 high"
    classes = np.stack([found[name].values for name in expected[2:5]])
    unlabelled = np.isnan(dataset.targets["type"][:, 0])
    assert (np.isnan(classes).any(axis=0) == unlabelled).all()
    assert (classes[:, ~unlabelled].sum(axis=0) == 1).all()


def test_means_of_few_people_are_hidden() -> None:
    segments = np.repeat([1, 2, 3], [12, 20, 9])
    number = Facet("tall", "Tall", "cm", np.where(np.arange(41) < 3, np.nan, 2.0))
    share = Facet("ill", "Ill", SHARE, np.concatenate([np.ones(12), np.arange(20) % 2, np.zeros(9)]))
    found = outcome_means(segments, [number, share], 10)
    assert [row["n"] for row in found] == [12, 20, None]
    # nine of the twelve have a measured height; all twelve are ill, so nobody has the other value
    assert [row["means"] for row in found] == [
        {"tall": None, "ill": None},
        {"tall": 2.0, "ill": 0.5},
        {"tall": None, "ill": None},
    ]


def test_a_table_says_few_and_a_dash() -> None:
    rows = outcome_means(np.repeat([1, 2], [12, 9]), [Facet("tall", "Tall", "cm", np.full(21, 2.0))], 10)
    names = {"tall": {"title": "Tall", "unit": "cm"}}
    table = segments_table({"candidate": "r", "n_people": 21, "domains": {}, "segments": rows, "outcomes": names})
    assert [list(column.cells) for column in table.columns] == [["people", "tall, cm"], ["12", "2"], ["few", "–"]]


def test_a_square_is_ten_people_or_more_and_nobody_is_lost_at_the_edge() -> None:
    generator = np.random.default_rng(0)
    plane = np.concatenate([generator.normal(size=(400, 2)), [[90.0, 90.0]]])
    outcome = np.concatenate([(plane[:400, 0] > 0) * 1.0, [1.0]])
    outcome[:40] = np.nan
    found = squares(plane, outcome, 10)
    assert found.n.min() >= 10
    assert found.n.sum() == pytest.approx(found.share * 361)
    assert found.share > 0.8
    assert ((found.mean >= 0) & (found.mean <= 1)).all()
    none = squares(np.zeros((4, 2)), np.full(4, np.nan), 10)
    assert len(none.n) == 0
    assert none.share == 0


def test_a_figure_of_few_people_is_empty_and_still_a_figure() -> None:
    planes = {"lab": (np.arange(18.0).reshape(9, 2), 0.5)}
    figure = embedding_figure(planes, np.ones(9), title="Ill", unit=SHARE, min_count=10)
    assert "0% of people" in figure
    assert figure == embedding_figure(planes, np.ones(9), title="Ill", unit=SHARE, min_count=10)
