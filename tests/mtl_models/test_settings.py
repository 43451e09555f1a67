from __future__ import annotations

import pytest
from pydantic import ValidationError

from mtl_models.data.layout import plan_layout
from mtl_models.network.network import Network
from mtl_models.settings import Component, ModelSettings, TrainingSettings, parse_settings
from tests.mtl_models.conftest import SPEC, TASKS, make_dataset


@pytest.mark.parametrize(
    ("kind", "record", "named"),
    [
        (TrainingSettings, {"learning_rat": 1}, "training.learning_rat"),
        (TrainingSettings, {"epochs": 0}, "training.epochs"),
        (TrainingSettings, {"seeds": []}, "training.seeds"),
        (ModelSettings, {"heads": {"width": [1]}}, "training.heads.width"),
        (ModelSettings, {"preprocess": {"scaling": "log"}}, "training.preprocess.scaling"),
    ],
)
def test_a_wrong_key_or_value_is_named(kind: type[TrainingSettings], record: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_settings(kind, record, where="training")


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"trunk": {"name": "shared", "dropuot": 0.1}}, "model.trunk.dropuot"),
        ({"trunk": {"name": "shared", "dropout": 1.5}}, "model.trunk.dropout"),
        ({"trunk": "tree"}, "model.trunk.name: 'tree' is none of .*shared"),
        ({"encoder": {"name": "plain", "size": 2}}, "model.encoder.size"),
    ],
)
def test_a_wrong_option_of_a_part_is_named_when_the_network_is_built(record: dict[str, object], named: str) -> None:
    train = make_dataset(50, 0)
    with pytest.raises(ValueError, match=named):
        Network(SPEC, TASKS, ModelSettings.model_validate(record), plan_layout(SPEC, train.inputs))


def test_a_part_reads_and_writes_its_options_beside_its_name() -> None:
    component = Component.model_validate({"name": "shared", "widths": [8]})
    assert component.options == {"widths": [8]}
    assert component.model_dump() == {"name": "shared", "widths": [8]}
    assert Component.model_validate("shared") == Component(name="shared")


def test_settings_survive_json() -> None:
    settings = ModelSettings.model_validate(
        {"trunk": {"name": "shared", "widths": [8]}, "heads": {"tasks": {"ill": [4]}}}
    )
    again = ModelSettings.model_validate_json(settings.model_dump_json())
    assert again == settings
    assert again.heads.widths_of("ill") == (4,)
    assert again.heads.widths_of("tall") == ()


def test_head_settings_of_a_task_that_does_not_exist_are_refused() -> None:
    settings = ModelSettings.model_validate({"heads": {"tasks": {"il": [4]}}})
    names = [task.name for task in TASKS]
    assert settings.task_faults(names) == [
        f"model.heads.tasks: 'il' is none of {', '.join(names)}; the nearest is 'ill'"
    ]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TrainingSettings().epochs = 3  # type: ignore[misc]
