"""Figures of held-out people: groups that hold enough of them, and intervals by hand."""

from __future__ import annotations

import numpy as np
import pytest

from flows.report.held_out import Pairs, calibration_plot, observed_plot, wilson
from mtl_models.data.tasks import Task

PRESSURE = Task(name="sbp", title="Systolic pressure, mean", kind="regression", unit="mmHg")
DISEASE = Task(name="disease", title="Narrowed artery <50 %>", kind="binary")


def pairs(target: np.ndarray, prediction: np.ndarray, repeats: int = 1) -> Pairs:
    return Pairs("p", "Title", target, prediction, repeats)


def test_calibration_groups_hold_enough_people() -> None:
    generator = np.random.default_rng(1)
    prediction = generator.uniform(0, 0.3, 600)
    target = (generator.random(600) < prediction) * 1.0
    plot = calibration_plot(DISEASE, pairs(target, prediction), 10, 0.95)
    assert plot is not None
    assert 70 <= target.sum() < 80
    assert plot.caption.startswith("7 groups of equal size")
    few = np.zeros(600)
    few[:9] = 1
    assert calibration_plot(DISEASE, pairs(few, prediction), 10, 0.95) is None
    assert calibration_plot(DISEASE, pairs(1 - few, prediction), 10, 0.95) is None


def test_repeats_do_not_make_people() -> None:
    """Six people seen five times are six people."""
    target, prediction = np.tile([1.0] * 6 + [0.0] * 40, 5), np.tile(np.linspace(0, 1, 46), 5)
    assert calibration_plot(DISEASE, pairs(target, prediction, repeats=5), 10, 0.95) is None
    assert calibration_plot(DISEASE, pairs(target, prediction), 10, 0.95) is not None


def test_bands_of_numbers_leave_enough_people_beyond_every_edge() -> None:
    generator = np.random.default_rng(2)
    prediction = generator.normal(120, 10, 450)
    plot = observed_plot(PRESSURE, pairs(prediction + generator.normal(0, 5, 450), prediction), 10, 0.95)
    assert plot is not None
    assert plot.caption.startswith("4 groups of equal size")  # a tenth of 112 people is more than ten
    assert observed_plot(PRESSURE, pairs(prediction[:190], prediction[:190]), 10, 0.95) is None


def test_interval_of_a_share_by_hand() -> None:
    # 10 of 100: (0.1 + 1.92/100 -+ 1.96 sqrt(0.09/100 + 0.96/10000)) / (1 + 3.84/100)
    assert wilson(0.1, 100, 0.95) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0.0, 50, 0.95)[0] == 0
    # by hand, with z = 1.644854
    assert wilson(0.1, 100, 0.9) == pytest.approx((0.0607, 0.1604), abs=1e-4)
