"""Named architectures: a preset is put where it is named, whole; mistakes are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from flows.study.candidates import settings_of
from flows.study.load import load_settings
from flows.study.presets import preset_names, read_preset, with_presets
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.network import Network

SPEC = FeatureSpec.from_json('[{"name": "a__x", "domain": "a", "categories": []}]')
LAYOUT = Layout(numbers=("a__x",), indicators=(), categories=())


def widths(root: Path, study: str) -> dict[str, list[int]]:
    """Outputs of the linear layers of the study's own model, the trunk's and each head's."""
    settings = load_settings(root, study)
    network = Network(SPEC, settings.task_records, settings.model, LAYOUT)
    parts = {"trunk": network.trunk, **{task.name: network.head(task.name) for task in network.tasks}}
    return {
        name: [layer.out_features for layer in part.modules() if isinstance(layer, nn.Linear)]
        for name, part in parts.items()
    }


def test_the_article_of_each_small_study_gives_its_shapes(root: Path) -> None:
    assert widths(root, "heart") == {"trunk": [32, 64], "thal": [32, 3], "disease": [16, 1]}
    assert widths(root, "whas500") == {
        "trunk": [64, 64],
        "log_los": [20, 1],
        "death_hosp": [20, 1],
        "death_1y": [20, 1],
    }


def test_every_preset_reads_and_is_named_by_a_study_or_a_comparison(root: Path) -> None:
    import yaml

    names = preset_names(root)
    assert {read_preset(root, name).title for name in names} != {""}
    text = yaml.safe_load((root / "params.yaml").read_text())["studies"].values()
    named = {study["model"].get("preset") for study in text}
    named |= {candidate.get("preset") for study in text for candidate in study["compare"]["candidates"].values()}
    assert named - {None} == set(names)


def test_a_preset_stands_for_its_model_and_what_is_beside_it_comes_on_top(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "small.yaml").write_text(
        "title: t\nmodel: {trunk: {name: shared, widths: [8]}, heads: {widths: [4]}}\ntraining: {epochs: 5, ema: 0}\n"
    )
    block = {
        "model": {"preset": "small", "heads": {"widths": [2]}},
        "training": {"epochs": 7},
        "compare": {"candidates": {"a": {"preset": "small", "training": {"ema": 0.5}, "twins": True}, "b": {}}},
    }
    found = with_presets(tmp_path, block)
    assert found["model"] == {"trunk": {"name": "shared", "widths": [8]}, "heads": {"widths": [2]}}
    assert found["training"] == {"epochs": 7, "ema": 0}
    assert found["compare"]["candidates"]["b"] == {}
    assert found["compare"]["candidates"]["a"] == {
        "model": {"trunk": {"name": "shared", "widths": [8]}, "heads": {"widths": [4]}},
        "training": {"epochs": 5, "ema": 0.5},
        "twins": True,
    }
    assert block["model"] == {"preset": "small", "heads": {"widths": [2]}}


@pytest.mark.parametrize(
    ("text", "block", "message"),
    [
        (
            "title: t\nmodel: {}\n",
            {"model": {"preset": "bg"}},
            r"model\.preset: 'bg' is none of big; the nearest is 'big'",
        ),
        ("title: t\nmodle: {}\n", {"model": {"preset": "big"}}, r"model\.preset: presets/big\.yaml: model"),
        ("title: t\nmodel: {}\ntasks: [x]\n", {"model": {"preset": "big"}}, r"for the tasks x alone"),
        (
            "title: t\n",
            {"compare": {"candidates": {"r": {"preset": "big"}}}},
            r"compare\.candidates\.r\.preset: presets/big\.yaml",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, block: dict[str, Any], message: str) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "big.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        with_presets(tmp_path, block)


def test_the_two_domain_run_learns_two_tasks_from_two_domains(root: Path) -> None:
    settings = settings_of(load_settings(root, "nhanes"), "two domains")
    assert [task.name for task in settings.task_records] == ["tc", "weight"]
    assert settings.model.domains == ("demographic", "socioeconomic")
    assert len(settings.training.seeds) >= 5


def test_the_mixed_run_learns_a_regression_classes_and_labels(root: Path) -> None:
    settings = settings_of(load_settings(root, "nmes1988"), "mixed outcomes")
    assert [task.kind for task in settings.task_records] == ["regression", "multiclass", "multilabel"]
    network = Network(SPEC, settings.task_records, settings.model, LAYOUT)
    assert any(isinstance(layer, nn.Conv2d) for layer in network.modules())
    assert torch.isfinite(network(torch.zeros(2, 1), torch.zeros(2, 0, dtype=torch.int32))["limitations"]).all()


def test_a_preset_for_another_studys_tasks_is_refused(root: Path) -> None:
    settings = load_settings(root, "whas500")
    heart = read_preset(root, "shared_32_64")
    candidate = settings.compare.candidates["shared"].model_copy(update={"model": heart.model})
    compare = settings.compare.model_copy(update={"candidates": {"theirs": candidate}})
    with pytest.raises(
        ValueError, match=r"compare\.candidates\.theirs\.model\.heads\.tasks: 'disease' is none of log_los"
    ):
        settings_of(settings.model_copy(update={"compare": compare}), "theirs")
