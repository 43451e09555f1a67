"""The closed test: nothing where nothing is wrong, the simplest rung that suffices where something is."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_models.correction.ladder import Climb, climb
from mtl_models.correction.parts import parts_of
from mtl_models.data.tasks import Task

TASKS = (
    Task(name="ill", kind="binary"),
    Task(name="signs", kind="multilabel", labels=("x", "y")),
    Task(name="type", kind="multiclass", classes=("a", "b", "c")),
    Task(name="grade", kind="ordinal", classes=("a", "b", "c")),
    Task(name="tall", kind="regression"),
)


def tried(n: int, seed: int, *, shift: float = 0.0, slope: float = 1.0) -> dict[str, Climb]:
    """Outcomes drawn from what was predicted, moved on the scale; a tenth are missing."""
    generator, found = np.random.default_rng(seed), []
    for task in TASKS:
        if task.kind == "regression":
            prediction = generator.normal(170, 10, (n, 1))
            spread = 2 + abs(prediction - 170) / 2  # errors of more than one spread
            target = 170 + 10 * shift + slope * (prediction - 170) + generator.standard_t(5, (n, 1)) * spread
        elif task.classes:
            values = generator.normal(0, 1.2, (n, 3))
            prediction = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
            true = np.exp(slope * values + shift * np.arange(3))
            target = (generator.random((n, 1)) > (true / true.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
            target = target[:, None].astype(float)
        else:
            values = generator.normal(-0.5, 1.2, (n, task.n_outputs))
            prediction = 1 / (1 + np.exp(-values))
            target = (generator.random(values.shape) < 1 / (1 + np.exp(-shift - slope * values))).astype(float)
        target[generator.random(target.shape) < 0.1] = np.nan
        found += list(parts_of(task, target, prediction))
    return {each.part.name: each for each in climb(found)}


def test_without_drift_nothing_is_chosen_in_at_least_95_percent_of_tries() -> None:
    """Over all six parts together; 60 tries, of which 3 are allowed and 8 would be one in a hundred chances."""
    wrong = sum(any(each.chosen != "none" for each in tried(150, seed).values()) for seed in range(60))
    assert wrong < 8


@pytest.mark.parametrize(("drift", "chosen"), [({"shift": 0.8}, "intercept"), ({"shift": 0.8, "slope": 0.4}, "slope")])
def test_the_simplest_rung_that_suffices_is_chosen(drift: dict[str, float], chosen: str) -> None:
    found = tried(1500, 3, **drift)
    assert {name: each.chosen for name, each in found.items()} == dict.fromkeys(found, chosen)
    assert all(each.any_p is not None and each.any_p <= each.level for each in found.values())


def test_an_order_that_is_turned_round_wants_a_refit() -> None:
    found = tried(1500, 4, slope=-0.7)
    assert {each.chosen for each in found.values()} == {"refit"}
    assert "right order" in found["ill"].why


def test_few_people_are_left_alone_and_it_is_said() -> None:
    found = tried(12, 0, shift=2.0)
    assert {each.chosen for each in found.values() if each.part.events < 10} == {"none"}
    assert found["ill"].why == "too few people: fewer than 10 outside the commonest class (gate.min_events)"


def test_the_more_parts_are_looked_at_the_more_each_must_show() -> None:
    found = sorted(tried(300, 1).values(), key=lambda each: each.any_p or 0)
    levels = [each.level for each in found]
    assert levels[0] == pytest.approx(0.05 / 6)
    assert levels == sorted(levels)
