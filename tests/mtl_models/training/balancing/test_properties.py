"""What each method promises of its combined gradient, on random problems of six tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_models.data.tasks import Task
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.balancing.base import Balancer
from mtl_models.training.balancing.jacobian import GramianBalancer

N = 6
NAMES = tuple("abcdef")
TASKS = tuple(Task(name=name, kind="regression") for name in NAMES)
GRAMIAN = tuple(name for name, kind in BALANCERS.items() if issubclass(kind, GramianBalancer))


def make(name: str, **options: object) -> Balancer:
    kind = BALANCERS[name]
    return kind(TASKS, [], {}, kind.Options(**options), seed=1)


def combined(name: str, rows: Tensor, **options: object) -> tuple[Tensor, Tensor]:
    """The weights and the gradient, in float64."""
    torch.manual_seed(7)  # PCGrad draws an order
    balancer = make(name, **options)
    assert isinstance(balancer, GramianBalancer)
    weights = balancer.combine(rows, dict.fromkeys(NAMES[: len(rows)], torch.tensor(1.0))).double()
    return weights, weights @ rows.double()


def problems(n: int = 60, size: int = 10, spread: float = 1.0) -> Iterator[Tensor]:
    """Gradients of unlike lengths; with fewer than six numbers they depend on each other."""
    source = torch.Generator().manual_seed(size)
    for _ in range(n):
        rows = torch.randn(N, size, generator=source)
        yield rows * torch.exp(spread * torch.randn(N, 1, generator=source))


def test_the_list_of_methods() -> None:
    assert set(GRAMIAN) == {"pcgrad", "cagrad", "mgda", "nashmtl", "imtlg", "aligned_mtl", "upgrad"}


@pytest.mark.parametrize("name", GRAMIAN)
@pytest.mark.parametrize("scale", [1e-15, 1e-6, 1e6])
def test_the_scale_of_all_gradients_turns_no_step(name: str, scale: float) -> None:
    for rows in problems(10):
        gradient, scaled = combined(name, rows)[1], combined(name, rows * scale)[1]
        assert gradient.norm() > 1e-3 * rows.norm(dim=1).min()
        assert scaled.norm() > 0
        assert gradient / gradient.norm() @ scaled / scaled.norm() > 1 - 1e-5


@pytest.mark.parametrize(("size", "spread"), [(10, 1.0), (4, 1.0), (10, 5.0)])
@pytest.mark.parametrize("name", ["upgrad", "mgda"])
def test_no_step_goes_against_a_task(name: str, size: int, spread: float) -> None:
    """Not against a small gradient either, nor where gradients depend on each other."""
    for rows in problems(60, size, spread):
        _, gradient = combined(name, rows)
        lengths = rows.double().norm(dim=1)
        # as exact as float32 weights can be
        assert (rows.double() @ gradient >= -1e-6 * lengths * lengths.max()).all()


def shortest_by_faces(rows: np.ndarray) -> float:
    """The shortest weighted mean, over every face of the simplex."""
    lengths = []
    for size in range(1, len(rows) + 1):
        for face in combinations(range(len(rows)), size):
            some = rows[list(face)]
            gram = np.block([[some @ some.T, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
            weights = np.linalg.lstsq(gram, np.r_[np.zeros(size), 1.0], rcond=None)[0][:size]
            if (weights >= 0).all():
                lengths.append(float(np.linalg.norm(weights @ some)))
    return min(lengths)


@pytest.mark.parametrize("spread", [0.3, 2.0])
def test_mgda_is_the_shortest_weighted_mean(spread: float) -> None:
    for rows in problems(20, 8, spread):
        weights, gradient = combined("mgda", rows)
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1)
        assert gradient.norm() == pytest.approx(shortest_by_faces(rows.double().numpy()), rel=1e-5)


def test_cagrad_helps_the_worst_off_task_as_much_as_its_ball_allows() -> None:
    """The dual of its problem is as large as what the step reaches: nothing better is in the ball."""
    for rows in problems(15):
        wide = rows.double()
        weights, gradient = combined("cagrad", rows, c=0.4)
        mean = wide.mean(dim=0)
        assert (gradient - mean).norm() == pytest.approx(0.4 * float(mean.norm()), rel=1e-4)
        worst = weights - 1 / N
        towards = (worst / worst.sum()) @ wide
        dual = towards @ mean + 0.4 * mean.norm() * towards.norm()
        assert float((wide @ gradient).min()) == pytest.approx(float(dual), rel=1e-2)


def test_cagrad_goes_on_where_gradients_cancel() -> None:
    rows = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    _, gradient = combined("cagrad", rows)
    assert gradient.tolist() == pytest.approx([0, 1 / 3], abs=1e-6)


@pytest.mark.parametrize("spread", [0.3, 3.0])
def test_nash_weights_are_one_over_what_each_task_gains(spread: float) -> None:
    for rows in problems(30, 10, spread):
        weights, gradient = combined("nashmtl", rows, max_norm=0)
        assert ((rows.double() @ gradient) * weights).tolist() == pytest.approx([1.0] * N, rel=1e-3)
        clipped = combined("nashmtl", rows)[1]
        assert clipped.norm() == pytest.approx(1, rel=1e-5)


def test_nash_keeps_its_weights_between_the_steps_at_which_it_finds_them() -> None:
    balancer = make("nashmtl", every=2, max_norm=0)
    assert isinstance(balancer, GramianBalancer)
    first, second, third = problems(3)
    losses = dict.fromkeys(NAMES, torch.tensor(1.0))
    kept = balancer.combine(first, losses)
    assert balancer.combine(second, losses).equal(kept)
    assert not balancer.combine(third, losses).allclose(kept)


@pytest.mark.parametrize("spread", [0.3, 2.0])
def test_imtlg_goes_equally_far_along_every_gradient_and_against_none(spread: float) -> None:
    for rows in problems(60, 10, spread):
        weights, gradient = combined("imtlg", rows)
        along = rows.double() @ gradient / rows.double().norm(dim=1)
        assert along.min() > 0
        assert along.min() == pytest.approx(float(along.max()), rel=1e-3)
        assert abs(float(weights.sum())) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_weights_that_are_learned_do_not_depend_on_the_scale_of_the_losses(scale: float) -> None:
    """GradNorm's from gradients and losses, FAMO's from losses."""
    learned: list[Callable[[], dict[str, float]]] = []
    for factor in (1.0, scale):
        norm, famo = make("gradnorm"), make("famo")
        assert hasattr(norm, "combine")
        assert hasattr(famo, "weigh")
        values = torch.linspace(0.5, 2.0, N)
        for step, rows in enumerate(problems(4)):
            losses = dict(zip(NAMES, factor * values / (step + values), strict=True))
            after = dict(zip(NAMES, factor * values / (step + 1 + values), strict=True))
            norm.combine(rows * factor, losses)
            famo.after_step(losses, after)
        learned.append(lambda norm=norm: norm.found)
        learned.append(lambda famo=famo, losses=losses: famo.weigh(losses))
    ours, famos, scaled, famos_scaled = (each() for each in learned)
    assert scaled == pytest.approx(ours, rel=1e-4)
    assert famos_scaled == pytest.approx(famos, rel=1e-4)
    assert max(abs(weight - 1) for weight in ours.values()) > 0.05
