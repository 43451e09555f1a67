"""Joint models in a comparison: fitted once a resample, beside networks and their own twins, by the same stage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from flows.experiments.compare import stage as compare
from flows.experiments.compare.fits import candidate_key, train_missing
from flows.project.settings import Candidate, CompareSettings, StudySettings
from flows.stages import baselines
from flows.study.candidates import method_of, settings_of
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.joint import JOINT
from tests.flows.experiments.support import heart
from tests.support import SAMPLES

CANDIDATES: dict[str, Any] = {
    "shared": Candidate(),
    "sparse": Candidate.model_validate({"method": {"name": "group_sparse", "penalties": 8}, "twins": True}),
    "Bayesian": Candidate.model_validate({"method": "bayesian_linear"}),
}


def with_candidates(stage: Study, candidates: dict[str, Any]) -> Study:
    return stage.with_settings(stage.settings.model_copy(update={"compare": CompareSettings(candidates=candidates)}))


@pytest.fixture(scope="module")
def stage(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The heart study on one fold, two seeds, two epochs."""
    stage = heart(
        root,
        tmp_path_factory.mktemp("joint"),
        training={"epochs": 2, "seeds": (3, 4)},
        baselines={"models": ("linear",)},
        evaluation={"replicates": 100},
        compare=CompareSettings(candidates=CANDIDATES),
    )
    baselines.run(stage)
    return stage


@pytest.fixture(scope="module")
def board(stage: Study) -> dict[str, Any]:
    return compare.run(stage)


def test_they_stand_beside_networks_and_their_own_twins(stage: Study, board: dict[str, Any]) -> None:
    rows = {row["candidate"]: row for row in board["rows"]}
    assert set(rows) == {"shared", "sparse", "sparse (single-task)", "Bayesian", "linear"}
    assert {name: row["seeds"] for name, row in rows.items() if row["random"]} == {"shared": 2}
    fixed = {name: row["seeds"] for name, row in rows.items() if not row["random"]}
    assert fixed == {"sparse": 1, "sparse (single-task)": 1, "Bayesian": 1, "linear": 1}
    assert set(rows["sparse"]["gains"]) == {"first", "twin"}
    assert all(0.6 < rows[name]["tasks"]["disease"]["value"] < 1 for name in ("sparse", "Bayesian"))
    assert "1, nothing random" in (stage.paths.reports / "compare.html").read_text()


def test_every_part_is_predicted_and_probabilities_are_proper(stage: Study, board: dict[str, Any]) -> None:
    (path,) = (stage.paths.models / "compare").glob("bayesian-*.parquet")
    table = pl.read_parquet(path)
    splits = pl.read_parquet(stage.paths.features / "splits.parquet")
    expected = splits.filter(pl.col("split") != "train").select(PERSON, pl.col("split").alias("part"))
    assert table.select(PERSON, "part").sort(PERSON).equals(expected.sort(PERSON))
    assert table["seed"].unique().to_list() == [3]
    total = table.select(pl.sum_horizontal(pl.col("^thal__p_.*$"))).to_series()
    assert total.to_list() == pytest.approx([1.0] * table.height)


def test_only_what_decides_them_fits_them_again(stage: Study) -> None:
    """Another network changes nothing for a joint model; another option or task does."""

    def keys(settings: StudySettings, **methods: Any) -> dict[str, str]:
        candidates = CANDIDATES | {
            name: Candidate.model_validate({"method": method}) for name, method in methods.items()
        }
        settings = settings.model_copy(update={"compare": CompareSettings(candidates=candidates)})
        return {
            name: candidate_key(settings_of(settings, name), stage.paths.features, method_of(settings, name))
            for name in candidates
        }

    def changed(settings: StudySettings, **methods: Any) -> set[str]:
        found = keys(settings, **methods)
        return {name for name, key in keys(stage.settings).items() if found[name] != key}

    training = stage.settings.training.model_copy(update={"epochs": 1, "seeds": (3,)})
    assert changed(stage.settings) == set()
    assert changed(stage.settings.model_copy(update={"training": training})) == {"shared"}
    assert changed(
        stage.settings.model_copy(update={"model": stage.settings.model.model_copy(update={"view": "own"})})
    ) == set(CANDIDATES)
    assert changed(stage.settings, sparse={"name": "group_sparse", "penalties": 7}) == {"sparse"}
    assert changed(stage.settings.model_copy(update={"tasks": stage.settings.tasks[:1]})) == set(CANDIDATES)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"name": "group_spars"}, r"compare\.candidates\.odd\.method\.name: 'group_spars' is none of group_sparse"),
        ({"name": "group_sparse", "penalty": 1}, r"compare\.candidates\.odd\.method\.penalty"),
    ],
)
def test_a_method_that_is_not_understood_is_named(stage: Study, method: dict[str, Any], message: str) -> None:
    settings = with_candidates(stage, {"odd": Candidate.model_validate({"method": method})}).settings
    with pytest.raises(ValueError, match=message):
        method_of(settings, "odd")


def test_what_a_method_lacks_is_said_before_anything_is_trained(stage: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpytorch", None)  # Python's own way to make an import fail
    candidates = {
        "other": Candidate(training={"epochs": 1}),
        "process": Candidate.model_validate({"method": "gaussian_process"}),
    }
    folder = stage.paths.root / "nothing"
    with pytest.raises(ValueError, match=r"pip install 'mtl-health\[gp\]'"):
        train_missing(with_candidates(stage, candidates), folder, ["split"])
    assert not folder.exists()


def test_a_run_is_a_network_or_a_method() -> None:
    with pytest.raises(ValidationError, match="takes no `model` and no `training`"):
        Candidate.model_validate({"method": "clustered", "training": {"epochs": 2}})


def test_the_sample_studies_have_joint_runs_that_are_understood(root: Path) -> None:
    found: dict[str, set[str]] = {}
    for study in SAMPLES:
        settings: StudySettings = load_settings(root, study)
        methods = (method_of(settings, name) for name in settings.compare.candidates)
        found[study] = {method.name for method in methods if method}
    linear = {"group_sparse", "clustered", "bayesian_linear"}
    assert found == {"nhanes": linear, "nmes1988": linear, "heart": set(JOINT), "whas500": set(JOINT)}
