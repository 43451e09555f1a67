"""Corrections by hand: an intercept makes the mean prediction the observed one, a slope undoes what stretched it."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_models.correction.fitting import INTERCEPT, METHODS, NONE, SLOPE, TEMPERATURE, Fit, correction_of, fit_part
from mtl_models.correction.gain import gain_of, spread_of
from mtl_models.correction.parts import Part, parts_of
from mtl_models.correction.record import Correction
from mtl_models.data.tasks import Task

ILL = Task(name="ill", kind="binary")
TYPE = Task(name="type", kind="multiclass", classes=("a", "b", "c"))
GRADE = Task(name="grade", kind="ordinal", classes=("a", "b", "c"))
TALL = Task(name="tall", kind="regression", unit="cm")
SIGNS = Task(name="signs", kind="multilabel", labels=("x", "y"))


def part_of(task: Task, target: list[float], prediction: np.ndarray) -> Part:
    (part,) = parts_of(task, np.array(target, float)[:, None], prediction)
    return part


def test_an_intercept_by_hand() -> None:
    """Everybody is given 0.2 and 4 of 10 have it: the logit moves by log(0.4 / 0.6) - log(0.2 / 0.8)."""
    part = part_of(ILL, [1] * 4 + [0] * 6, np.full((10, 1), 0.2))
    assert part.observed / part.expected() == pytest.approx(2.0)
    fit = fit_part(part, INTERCEPT)
    assert fit.shift[0] == pytest.approx(np.log(0.4 / 0.6) - np.log(0.2 / 0.8))
    assert (fit.slope, fit.freedom) == ((1.0,), 1)
    gain = gain_of(part, fit)
    assert (gain.observed, gain.before, gain.after) == (0.4, pytest.approx(0.2), pytest.approx(0.4))
    by_hand = (4 * np.log(0.4 / 0.2) + 6 * np.log(0.6 / 0.8)) / 10
    assert gain.value == pytest.approx(by_hand)
    assert 2 * 10 * by_hand == pytest.approx(2 * (fit.log_likelihood - fit_part(part, NONE).log_likelihood))


def test_a_slope_undoes_what_made_the_logits_too_steep() -> None:
    """In each of two groups the observed share is given, so both numbers are known: a line through two points."""
    said, share = np.array([0.1, 0.8]), np.array([0.25, 0.6])
    target = [1.0] * 25 + [0.0] * 75 + [1.0] * 60 + [0.0] * 40
    fit = fit_part(part_of(ILL, target, np.repeat(said, 100)[:, None]), SLOPE)
    logits, wanted = np.log(said / (1 - said)), np.log(share / (1 - share))
    slope = (wanted[1] - wanted[0]) / (logits[1] - logits[0])
    assert fit.slope[0] == pytest.approx(slope)
    assert fit.shift[0] == pytest.approx(wanted[0] - slope * logits[0])


@pytest.mark.parametrize("task", [TYPE, GRADE])
def test_of_classes_the_mean_probabilities_become_the_shares(task: Task) -> None:
    generator = np.random.default_rng(0)
    prediction = generator.dirichlet([2, 2, 2], 300)
    target = generator.integers(0, 3, 300).astype(float)
    part = part_of(task, target.tolist(), prediction)
    fit = fit_part(part, INTERCEPT)
    moved = correction_of(task, [(part, fit)]).of(prediction)
    np.testing.assert_allclose(moved.sum(axis=1), 1.0)
    if task is TYPE:
        np.testing.assert_allclose(moved.mean(axis=0), np.bincount(target.astype(int)) / 300, atol=1e-6)
        assert fit.freedom == 2
    else:
        assert (moved @ np.arange(3)).mean() == pytest.approx(target.mean())
        assert fit.shift[0] == pytest.approx(-fit.shift[2]), "one number times the place in the order"
        assert fit.freedom == 1
    hot = fit_part(part, TEMPERATURE)
    assert hot.freedom == 1
    assert set(hot.shift) == {0.0}
    assert hot.slope[0] < 0.2, "outcomes that have nothing to do with the predictions want them flat"


def test_a_class_of_few_people_keeps_its_shift() -> None:
    prediction = np.tile([0.5, 0.4, 0.1], (100, 1))
    part = part_of(TYPE, [0] * 30 + [1] * 67 + [2] * 3, prediction)
    assert part.events == 33
    fit = fit_part(part, INTERCEPT, min_events=10)
    assert fit.freedom == 1
    assert fit.shift[1:] == (0.0, 0.0)
    moved = correction_of(TYPE, [(part, fit)]).of(prediction[:1])[0]
    assert moved[0] == pytest.approx(0.3)
    assert moved[1] / moved[2] == pytest.approx(4.0)


def test_a_line_of_numbers_by_hand() -> None:
    said = np.array([[160.0], [170.0], [180.0], [np.nan], [150.0]])
    target = [164.0, 169.0, 174.0, 170.0, np.nan]
    part = part_of(TALL, target, said)
    assert part.n == 3
    assert fit_part(part, INTERCEPT).shift == pytest.approx((-1.0,))
    fit = fit_part(part, SLOPE)
    assert (fit.slope[0], fit.shift[0]) == (pytest.approx(0.5), pytest.approx(84.0))
    assert spread_of(part) == pytest.approx(np.sqrt((16 + 1 + 36) / 3))
    assert gain_of(part, fit, spread=2.0).value == pytest.approx((16 + 1 + 36) / 3 / 4 / 2)


def test_every_method_changes_nothing_where_nothing_is_wrong() -> None:
    """Logits of one half: as many have it as have not, whatever the group."""
    part = part_of(ILL, [1, 0] * 10, np.array([[0.5]] * 20))
    for method in (NONE, INTERCEPT):
        assert fit_part(part, method).shift == pytest.approx((0.0,), abs=1e-9)
    assert set(METHODS) == {"none", "intercept", "temperature", "slope"}


def test_people_who_can_be_told_apart_without_a_fault_have_no_best_slope() -> None:
    part = part_of(ILL, [0] * 10 + [1] * 10, np.array([[0.3]] * 10 + [[0.7]] * 10))
    fit = fit_part(part, SLOPE)
    assert not fit.found
    assert (fit.slope, fit.shift) == ((1.0,), (0.0,))


def test_labels_are_parts_of_their_own() -> None:
    target = np.array([[1, 0], [0, np.nan], [1, 1]], float)
    x, y = parts_of(SIGNS, target, np.full((3, 2), 0.5))
    assert (x.name, x.n, y.name, y.n) == ("signs__x", 3, "signs__y", 2)
    held = correction_of(SIGNS, [(y, Fit(INTERCEPT, (1.0,), (0.7,), 1, 0.0))])
    assert (held.slope, held.shift) == ((1.0, 1.0), (0.0, 0.7))


def test_corrections_follow_each_other_and_lead_back() -> None:
    first, second = Correction("logit", (2.0,), (0.5,)), Correction("logit", (0.5,), (-1.0,))
    said = np.array([[0.1], [0.5], [0.9]])
    np.testing.assert_allclose(first.then(second).of(said), second.of(first.of(said)))
    np.testing.assert_allclose(first.undone().of(first.of(said)), said)
    assert Correction.from_dict(first.to_dict()) == first
    assert Correction.none(GRADE).changes_nothing
    for wrong, said_of in (
        ({"scale": "cubic"}, "none of number, logit, log"),
        ({"slope": (0.0,)}, "above 0"),
        ({"shift": (0.0, 1.0)}, "one of both a column"),
    ):
        with pytest.raises(ValueError, match=said_of):
            Correction.from_dict({**first.to_dict(), **wrong})
