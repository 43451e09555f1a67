"""What is tried on recent people, part by part of every outcome, and what comes of it on those held apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.nightly.update.people import Recent, arrays
from flows.project.gate_settings import GateSettings
from flows.project.update_settings import UpdateSettings
from flows.report.words import count
from mtl_models.correction.fitting import INTERCEPT, NONE, SLOPE, Fit, correction_of
from mtl_models.correction.gain import Gain, gain_of, spread_of
from mtl_models.correction.ladder import REFIT, Climb, climb
from mtl_models.correction.parts import Part, parts_of
from mtl_models.correction.record import Correction
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of

WORDS = {NONE: "nothing", INTERCEPT: "a new intercept", SLOPE: "a new intercept and slope", REFIT: "a refit"}


@dataclass(frozen=True)
class Tried:
    """A part of an outcome.

    Attributes:
        climb: what was tried on the people to fit on, and chosen.
        judged: the same part of the people held apart.
        gain: what the chosen correction is worth there; what intercept and slope would be, where nothing is chosen;
            nothing where either are too few.
        chosen: none, intercept, slope or refit, after both.
        why: in words.
    """

    climb: Climb
    judged: Part
    gain: Gain | None
    chosen: str
    why: str

    @property
    def part(self) -> Part:
        """The people it was tried on."""
        return self.climb.part

    @property
    def corrects(self) -> bool:
        """Whether something is changed."""
        return self.chosen in (INTERCEPT, SLOPE)

    @property
    def fit(self) -> Fit | None:
        """The correction that is chosen, else the most that was tried."""
        return self.climb.fits.get(self.chosen if self.corrects else SLOPE)


def try_on(recent: Recent, tasks: Sequence[Task], settings: UpdateSettings, gate: GateSettings) -> list[Tried]:
    """Try all parts of all tasks."""
    fitted, judged = (
        [part for task in tasks for part in parts_of(task, *arrays(frame, task))]
        for frame in (recent.fitted, recent.judged)
    )
    climbs = climb(fitted, chance=settings.chance, min_events=gate.min_events)
    return [_tried(each, apart, gate.min_events) for each, apart in zip(climbs, judged, strict=True)]


def _tried(climbed: Climb, judged: Part, min_events: int) -> Tried:
    found = Tried(climbed, judged, None, climbed.chosen, climbed.why)
    if not climbed.fits or found.fit is None or not found.fit.found:
        return found
    if judged.events < min_events:
        few = f"too few people to judge on: fewer than {min_events} (gate.min_events)"
        return replace(found, chosen=NONE, why=few) if found.corrects else found
    found = replace(found, gain=gain_of(judged, found.fit, spread=spread_of(climbed.part)))
    if found.corrects and found.gain and found.gain.value <= 0:
        return replace(found, chosen=NONE, why=f"{WORDS[climbed.chosen]} was chosen, and did not help those held apart")
    return found


def corrections_from(tried: Sequence[Tried], tasks: Sequence[Task]) -> dict[str, Correction]:
    """The correction of every task of which a part is corrected."""
    found = {
        task.name: [(each.part, each.fit) for each in tried if each.part.task == task and each.corrects and each.fit]
        for task in tasks
    }
    return {task.name: correction_of(task, found[task.name]) for task in tasks if found[task.name]}


def record_of(tried: Tried, min_count: int) -> dict[str, Any]:
    """A part's trial as plain JSON types, for the ledger, the version and the page; small counts are not said."""
    part, gain, fit = tried.part, tried.gain, tried.fit
    first = tried.climb.fits.get(INTERCEPT)
    enough, apart = bool(tried.climb.fits) and part.events >= min_count, tried.judged.events >= min_count
    return {
        "task": part.task.name,
        "part": part.name,
        "title": part.task.title or part.task.name,
        "n": count(part.n, min_count),
        "n_judged": count(tried.judged.n, min_count),
        "events": count(part.events, min_count),
        "ratio": _ratio(part) if enough else None,
        "any_p": tried.climb.any_p,
        "further_p": tried.climb.further_p,
        "level": tried.climb.level,
        "intercept": list(first.shift) if first and enough else None,
        "slope": list(fit.slope) if fit and enough else None,
        "shift": list(fit.shift) if fit and enough else None,
        "gain": None if gain is None else [round(each, 6) for each in (gain.value, gain.low, gain.high)],
        "before": _over(gain.observed, gain.before, part) if gain and apart else None,
        "after": _over(gain.observed, gain.after, part) if gain and apart else None,
        "chosen": tried.chosen,
        "words": _words(tried),
        "why": tried.why,
    }


def _words(tried: Tried) -> str:
    """What is chosen, with its numbers."""
    if not tried.corrects or tried.fit is None:
        return WORDS[tried.chosen]
    fit, number = tried.fit, kind_of(tried.part.task).form == "number"
    unit = f" {tried.part.task.unit}" if number and tried.part.task.unit else ""
    shift = ", ".join(f"{each:+.3g}".replace("-", "−") for each in fit.shift)
    said = f"{WORDS[tried.chosen]}: {'shift' if number else 'logit'} {shift}{unit}"
    return f"{said}, slope {fit.slope[0]:.3g}" if tried.chosen == SLOPE else said


def _ratio(part: Part) -> float | None:
    return _over(part.observed, part.expected(), part)


def _over(observed: float, expected: float, part: Part) -> float | None:
    """Observed over expected; of a number observed less expected, of classes without an order nothing."""
    if len(part.columns) > 1 and not kind_of(part.task).ordered:
        return None
    if kind_of(part.task).form == "number":
        return round(observed - expected, 6)
    return round(observed / expected, 6) if expected > 0 and math.isfinite(expected) else None
