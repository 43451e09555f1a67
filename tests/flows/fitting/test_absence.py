"""What the absence of a table costs is measured on the very weights that are exported."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from flows.fitting.absence import WHOLE, absence
from flows.fitting.jobs import in_view
from flows.stages.train import NO_OUTCOMES, absent_tables
from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices
from mtl_models.data.frames import prediction_rows
from mtl_models.data.layout import plan_layout
from mtl_models.data.tasks import Task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.network.network import Network
from mtl_models.settings import ModelSettings

TASKS = (Task(name="one", kind="regression", unit="kg"), Task(name="two", kind="regression", unit="cm"))
SPEC = FeatureSpec(
    (
        Feature(name="body__age", domain="body"),
        Feature(name="lab__iron", domain="lab", tables=("LAB",)),
        Feature(name="own__one", domain="own", hidden_from=("one",), tables=("OWN",)),
    )
)


def people(n: int) -> tuple[Dataset, pl.DataFrame]:
    random = np.random.default_rng(0)
    numeric = random.normal(size=(n, 3)).astype(np.float32)
    targets = {
        "one": (numeric[:, :1] + numeric[:, 1:2]).astype(np.float64),
        "two": (numeric[:, :1] + 3 * numeric[:, 2:]).astype(np.float64),
    }
    person = np.array([f"p{number:03}" for number in range(n)])
    dataset = Dataset(person, Matrices(numeric, np.zeros((n, 0), np.int32)), targets)
    splits = pl.DataFrame({"person_id": person, "final": ["test"] * (n // 2) + ["train"] * (n - n // 2)})
    return dataset, splits


def test_every_table_and_the_outcomes_own_columns_are_left_out_in_turn() -> None:
    dataset, splits = people(80)
    network = Network(SPEC, TASKS, ModelSettings(view="own"), plan_layout(SPEC, dataset.inputs))
    network.fit_statistics(dataset)
    frame = absent_tables(network, dataset, splits, "test")
    assert frame["model"].unique(maintain_order=True).to_list() == [WHOLE, "without LAB", "without OWN", NO_OUTCOMES]
    assert frame.height == 4 * 40
    values = {name: part["one"].to_list() for (name,), part in frame.group_by("model")}
    assert values[WHOLE] == values["without OWN"] == values[NO_OUTCOMES]  # hidden from it in any case
    assert values[WHOLE] != values["without LAB"]


def test_a_cost_is_the_relative_rise_of_the_error_by_hand() -> None:
    dataset, splits = people(80)
    truth = {task.name: dataset.targets[task.name][:40] for task in TASKS}
    person = dataset.person[:40]
    rows = [
        prediction_rows(WHOLE, 0, "final", {"test": (person, {n: t + 1 for n, t in truth.items()})}, TASKS),
        prediction_rows(
            "without LAB", 0, "final", {"test": (person, {"one": truth["one"] + 2, "two": truth["two"] + 1})}, TASKS
        ),
    ]
    targets = pl.DataFrame({"person_id": person, **{name: values[:, 0] for name, values in truth.items()}})
    found = absence(pl.concat(rows), targets, splits, TASKS, EvaluationSettings(replicates=100))
    assert found["n_people"] == 40
    case = found["cases"]["without LAB"]
    assert case["tasks"]["one"]["value"] == pytest.approx(-1)  # twice the error
    assert case["tasks"]["two"]["value"] == pytest.approx(0)
    assert case["mean"]["value"] == pytest.approx(-0.5)
    assert case["worst"]["task"] == "one"


def test_a_study_of_one_table_has_nothing_to_leave_out() -> None:
    dataset, splits = people(80)
    spec = FeatureSpec(SPEC.features[:1])
    alone = dataset.select(SPEC, spec)
    network = Network(spec, TASKS, ModelSettings(), plan_layout(spec, alone.inputs))
    network.fit_statistics(alone)
    frame = absent_tables(network, alone, splits, "test")
    assert absence(frame, pl.DataFrame(), splits, TASKS, EvaluationSettings()) == {}


class Settings:
    def __init__(self, **model: object) -> None:
        self.model = ModelSettings.model_validate(model)


@pytest.mark.parametrize(
    ("model", "tasks", "expected"),
    [
        ({"view": "core"}, TASKS, ["body__age", "lab__iron"]),
        ({"view": "own"}, TASKS, ["body__age", "lab__iron", "own__one"]),
        ({"view": "own"}, TASKS[:1], ["body__age", "lab__iron"]),
        ({"view": "own"}, TASKS[1:], ["body__age", "lab__iron", "own__one"]),
        ({"view": "own", "domains": ["own", "lab"]}, TASKS, ["lab__iron", "own__one"]),
        ({"view": "core", "domains": ["body"]}, TASKS, ["body__age"]),
    ],
)
def test_a_fit_gets_the_columns_of_its_view_and_domains_alone(
    model: dict[str, object], tasks: tuple[Task, ...], expected: list[str]
) -> None:
    dataset, _ = people(20)
    seen, spec = in_view(dataset, SPEC, Settings(**model), tasks)  # type: ignore[arg-type]
    assert [feature.name for feature in spec.features] == expected
    places = [[feature.name for feature in SPEC.features].index(name) for name in expected]
    np.testing.assert_array_equal(seen.inputs.numeric, dataset.inputs.numeric[:, places])


def test_an_unknown_domain_is_named() -> None:
    dataset, _ = people(20)
    with pytest.raises(ValueError, match=r"no domain diet; they have body, lab, own"):
        in_view(dataset, SPEC, Settings(domains=["diet"]), TASKS)  # type: ignore[arg-type]
