from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from torch import Tensor

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec
from mtl_models.network.checkpoint import load_network, save_network
from mtl_models.network.trunks import TRUNKS
from mtl_models.network.trunks.grouped import GroupedTrunk, group_names
from mtl_models.network.views import Views, plan_views
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.settings import ModelSettings, parse_settings
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING, make_dataset, make_frames

NAMES = ("one", "two", "three", "four")
PARTS: dict[str, dict[str, Any]] = {
    "shared": {"widths": [6]},
    "soft": {"widths": [6]},
    "cross_stitch": {"widths": [6]},
    "mmoe": {"experts": 2, "widths": [6]},
    "ple": {"levels": 1, "widths": [6]},
    "tabm": {"k": 3, "d_block": 6},
}
ROWS = torch.randn(9, 5, generator=torch.Generator().manual_seed(0))


def build(part: str, groups: list[list[str]], tasks: tuple[str, ...] = NAMES) -> GroupedTrunk:
    torch.manual_seed(1)
    options = parse_settings(
        GroupedTrunk.Options, {"groups": groups, "trunk": {"name": part, **PARTS[part]}}, where="model.trunk"
    )
    return GroupedTrunk(5, tasks, options).eval()


def plain(part: str, tasks: tuple[str, ...]) -> Any:
    torch.manual_seed(1)
    return TRUNKS[part](5, tasks, TRUNKS[part].Options(**PARTS[part])).eval()


def test_groups_keep_their_order_and_the_unnamed_are_the_last() -> None:
    assert group_names(NAMES, [["four", "two"]]) == (("two", "four"), ("one", "three"))
    assert group_names(NAMES, []) == (NAMES,)
    # the twin of a task that a group names is alone
    assert group_names(["two"], [["four", "two"], ["one"]]) == (("two",),)
    assert build("shared", [["four", "two"]]).report(None) == {"groups": [["two", "four"], ["one", "three"]]}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_task_depends_on_its_own_group_alone(part: str) -> None:
    trunk = build(part, [["one", "three"]])
    own, other = trunk.trunks
    before: dict[str, Tensor] = trunk(ROWS)
    before["three"].sum().backward()
    assert any(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in own.parameters())
    assert all(parameter.grad is None for parameter in other.parameters())
    with torch.no_grad():
        for parameter in other.parameters():
            parameter += 1
    after = trunk(ROWS)
    assert torch.equal(before["one"], after["one"])
    assert torch.equal(before["three"], after["three"])
    assert not torch.equal(before["two"], after["two"])


@pytest.mark.parametrize("part", sorted(PARTS))
def test_one_group_is_the_plain_trunk_and_groups_of_one_are_single(part: str) -> None:
    together, single = build(part, [[*NAMES]]), build(part, [[name] for name in NAMES])
    found, expected = together(ROWS), plain(part, NAMES)(ROWS)
    assert all(torch.equal(found[name], expected[name]) for name in NAMES)
    assert together.members == single.members == plain(part, NAMES).members
    found = single(ROWS)
    for name, trunk in zip(NAMES, single.trunks, strict=True):
        alone = plain(part, (name,))
        alone.load_state_dict(trunk.state_dict())
        assert torch.equal(found[name], alone(ROWS)[name])


def test_penalties_are_summed_and_reports_stand_under_their_group() -> None:
    trunk = build("soft", [["one", "three"]])
    with torch.no_grad():
        for parameter in trunk.parameters():
            parameter += torch.randn_like(parameter)
    parts = [part.penalty().item() for part in trunk.trunks]  # type: ignore[operator]
    whole = trunk.penalty()
    assert whole is not None
    assert whole.item() == pytest.approx(sum(parts))
    assert all(part > 0 for part in parts)
    assert set(trunk.report(None)["distance"]) == {"one, three", "two, four"}
    assert build("shared", []).penalty() is None
    gates = build("mmoe", [["one"]]).report(ROWS)["gates"]
    assert set(gates["two, three, four"]) == {"two", "three", "four"}


def test_every_groups_ensemble_knows_the_columns() -> None:
    trunk = build("tabm", [["one"]])
    trunk.arrange([3, 2])
    for part in trunk.trunks:
        scale = part.backbone.get_parameter("blocks.0.0.r")  # type: ignore[operator,union-attr]
        assert torch.equal(scale[:, 0], scale[:, 2])
        assert torch.equal(scale[:, 3], scale[:, 4])


def test_in_views_each_task_reads_its_own_groups_trunk_on_its_own_row() -> None:
    trunk = build("shared", [["one", "three"]])
    hidden = {"one": (), "two": ("b",), "three": ("b",), "four": ()}
    spec = FeatureSpec(
        tuple(
            Feature(name=name, domain="lab", hidden_from=tuple(task for task, out in hidden.items() if name in out))
            for name in "abcde"
        )
    )
    views = Views(plan_views(spec, NAMES), [(name,) for name in "abcde"])
    with torch.no_grad():
        views.shift.copy_(torch.randn(views.shift.shape, generator=torch.Generator().manual_seed(2)))
    chosen = views.of(NAMES)
    found = trunk.in_views(ROWS, chosen)
    rows = {tasks: row for row, tasks in chosen.rows(ROWS)}
    assert set(rows) == {("one", "four"), ("two", "three")}
    for tasks, row in rows.items():
        for task in tasks:
            assert torch.equal(found[task], trunk(row)[task])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": [["one"], ["two", "one"]]}, "model.trunk.groups: .*one is named twice"),
        ({"trunk": {"name": "shared", "wdths": [3]}}, "model.trunk.trunk.wdths"),
        ({"trunk": {"name": "grouped"}}, "model.trunk.trunk.name: 'grouped' is none of"),
        ({"trunk": {"name": "shraed"}}, "model.trunk.trunk.name: 'shraed' is none of"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GroupedTrunk(5, NAMES, parse_settings(GroupedTrunk.Options, options, where="model.trunk"))


def test_a_study_is_asked_for_the_groups_names() -> None:
    model = ModelSettings.model_validate({"trunk": {"name": "grouped", "groups": [["one"], ["five"]]}})
    assert model.task_faults(NAMES) == [f"model.trunk.groups: 'five' is none of {', '.join(NAMES)}"]
    assert model.task_faults([*NAMES, "five"]) == []


@pytest.mark.parametrize("part", ["shared", "tabm"])
def test_groups_come_back_from_their_file_and_export_as_one(part: str, tmp_path: Path) -> None:
    few, others = make_dataset(120, 1), make_dataset(60, 2)
    trunk = {"name": "grouped", "groups": [["tall", "grade"]], "trunk": {"name": part, **PARTS[part]}}
    model = ModelSettings.model_validate({"encoder": {"name": "domains"}, "trunk": trunk})
    training = TRAINING.model_copy(update={"epochs": 1})
    network = fit(TrainingData(few, others, SPEC, TASKS[:4]), FitSettings(model, training)).network
    save_network(network, tmp_path / "network")
    again = load_network(tmp_path / "network")
    assert again.settings == model
    assert all((predict(again, others)[name] == found).all() for name, found in predict(network, others).items())
    export_onnx(again, tmp_path / "model.onnx", metadata={"study": "small"}, check=others)
    graph = onnx.load(tmp_path / "model.onnx").graph
    assert all(value.type.tensor_type.shape.dim[0].dim_param for value in (*graph.input, *graph.output))
    assert Scorer(tmp_path / "model.onnx").score(make_frames(7, 3)[0]).height == 7


def test_the_twins_of_grouped_tasks_are_those_of_the_plain_trunk() -> None:
    few: Dataset = make_dataset(80, 1)
    inner = {"name": "shared", "widths": [6]}
    model = ModelSettings.model_validate({"trunk": {"name": "grouped", "groups": [["tall"], ["ill"]], "trunk": inner}})
    training = TRAINING.model_copy(update={"epochs": 1})
    twin = fit(TrainingData(few, few, SPEC, TASKS[:1]), FitSettings(model, training)).network
    single = fit(
        TrainingData(few, few, SPEC, TASKS[:1]), FitSettings(ModelSettings.model_validate({"trunk": inner}), training)
    ).network
    assert (predict(twin, few)["tall"] == predict(single, few)["tall"]).all()
