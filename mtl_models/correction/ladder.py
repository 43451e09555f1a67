"""Which correction people ask for: nothing, a new intercept, or intercept and slope, by a closed testing procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_models.correction.fitting import INTERCEPT, NONE, SLOPE, Fit, fit_part
from mtl_models.correction.parts import Part
from mtl_models.kinds import kind_of

REFIT = "refit"


@dataclass(frozen=True)
class Climb:
    """What was tried for a part of a task, and what was chosen.

    Attributes:
        fits: what each method gives, by its name; none where there are too few people.
        any_p: how likely so large a difference of ``slope`` from ``none`` is by chance; nothing if it was not tested.
        further_p: of ``slope`` from ``intercept``.
        level: what both had to lie below.
        chosen: none, intercept, slope; or refit where no correction mends it.
        why: in words.
    """

    part: Part
    fits: Mapping[str, Fit]
    any_p: float | None
    further_p: float | None
    level: float
    chosen: str
    why: str


def climb(parts: Sequence[Part], *, chance: float = 0.05, min_events: int = 10) -> list[Climb]:
    """Choose for every part the simplest correction that no more complex one beats.

    Slope and intercept together are tested against nothing; only if that is more than chance, they are tested against
    the intercept alone. So nothing is changed without need in at least ``1 - chance`` of tries, however many parts
    there are: their first tests are put in order, and each is held against ``chance`` shared among those that are left
    (Holm).
    Probabilities are tested by likelihood ratios, numbers by scores whose variance is that of their own errors.

    Source:
        Vergouwe et al. (2017), A closed testing procedure to select an appropriate method for updating prediction
        models, Statistics in Medicine 36. Holm (1979).

    Differs:
        Theirs begins with the revision of all coefficients, which here is a training; it is no rung, and is named where
        no correction helps. Theirs is of one outcome. For numbers the errors need not be normal, nor of one spread.
    """
    judged = [(part, _fits(part, min_events)) for part in parts if part.events >= min_events]
    first = [_p(part, fits, NONE) for part, fits in judged]
    levels = _holm([1.0 if p is None else p for p in first], chance)
    found = {
        (part.task.name, part.name): _chosen(part, fits, p, level)
        for (part, fits), p, level in zip(judged, first, levels, strict=True)
    }
    few = f"too few people: fewer than {min_events}"
    return [
        found.get((part.task.name, part.name))
        or Climb(part, {}, None, None, chance, NONE, f"{few} {_whom(part)} (gate.min_events)")
        for part in parts
    ]


def _whom(part: Part) -> str:
    return "with a label" if kind_of(part.task).form == "number" else "outside the commonest class"


def _fits(part: Part, min_events: int) -> dict[str, Fit]:
    return {method: fit_part(part, method, min_events=min_events) for method in (NONE, INTERCEPT, SLOPE)}


def _chosen(part: Part, fits: Mapping[str, Fit], any_p: float | None, level: float) -> Climb:
    if any_p is None:
        return Climb(part, fits, None, None, level, NONE, "its outcomes and predictions do not tell slopes apart")
    if any_p > level:
        return Climb(part, fits, any_p, None, level, NONE, "what a correction would change is within chance")
    further = _p(part, fits, INTERCEPT)
    if further is None or further > level:
        return Climb(part, fits, any_p, further, level, INTERCEPT, "a slope adds nothing beyond chance")
    if min(fits[SLOPE].slope) <= 0:
        words = "its predictions no longer put people in the right order, which no correction mends"
        return Climb(part, fits, any_p, further, level, REFIT, words)
    return Climb(part, fits, any_p, further, level, SLOPE, "an intercept alone does not suffice")


def _holm(p: Sequence[float], chance: float) -> list[float]:
    """The level that each of some tests has to lie below. After the first that does not, none may pass."""
    order = np.argsort(p, kind="stable")
    levels, held = [0.0] * len(p), True
    for rank, place in enumerate(order):
        share = chance / (len(p) - rank)
        held = held and p[place] <= share
        levels[place] = share if held else min(share, float(np.nextafter(p[place], 0)))
    return levels


def _p(part: Part, fits: Mapping[str, Fit], against: str) -> float | None:
    """How likely slope and intercept are so much better than a simpler correction by chance."""
    from scipy.special import chdtrc  # a tenth of a second, and most commands ask for none

    smaller, larger = fits[against], fits[SLOPE]
    if not larger.found:
        return None
    if kind_of(part.task).form == "number":
        statistic = _score_statistic(part, smaller)
    else:
        statistic = 2 * (larger.log_likelihood - smaller.log_likelihood)
    return float(chdtrc(larger.freedom - smaller.freedom, max(statistic, 0.0)))


def _score_statistic(part: Part, smaller: Fit) -> float:
    """How far the errors of a number depend on what is not fitted yet, with their own variance (White's)."""
    said = part.values[:, 0]
    errors = part.target - smaller.on_scale(part.values)[:, 0]
    centred = said - said.mean()
    columns = centred[:, None] if smaller.freedom else np.column_stack([np.ones_like(said), centred])
    each = errors[:, None] * columns
    total = each.sum(axis=0)
    return float(total @ np.linalg.pinv(each.T @ each) @ total)
