"""How well a model works in groups of people: performance and calibration, and which differences are clear.

Performance is the main figure of an outcome. Calibration is the number of people who have it over the number expected
(observed over expected, 1 is right), or of a number or an ordered class the mean of prediction less outcome (0 is
right). A group is compared with the other people of its partition; so many comparisons are made that a difference
counts as clear only after Holm's correction over all of them.

Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics, 1979.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.collect import Run, Sample
from mtl_models.metrics.replicates import seed_shares
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import formulas_of, headline_name
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import ratio

MOST_REPLICATES = 300  # of some dozens of groups: enough for an interval, not for its last digit
RELATED = 0.1
"""Squared correlation from which a number is also looked at within people with and without a yes/no outcome."""
Partitions = Mapping[str, Mapping[str, np.ndarray]]
"""By the name of what tells groups apart, the groups' people: a mask by the group's name. Shape: ``(n_persons,)``."""
FIGURES = ("performance", "calibration")


@dataclass(frozen=True)
class _Column:
    """One target column with its predictions in every run. Shape: target ``(n_persons,)``."""

    task: Task
    label: str
    place: int
    target: np.ndarray

    @property
    def kind(self) -> str:
        """What its calibration is: ``ratio``, ``difference`` or nothing."""
        form = kind_of(self.task).form
        if form == "binary":
            return "ratio"
        return "difference" if form == "number" or kind_of(self.task).ordered else ""


@dataclass(frozen=True)
class _Judged:
    """A figure's estimate and replicates in a group, and in the others of its partition, with what records it."""

    record: dict[str, Any]
    twin: dict[str, Any] | None
    ours: np.ndarray
    others: np.ndarray

    def p(self, kind: str) -> float:
        """Two-sided p-value of no difference; the standard errors are those of the replicates."""
        ours, others = (np.log(each) if kind == "ratio" else each for each in (self.ours, self.others))
        error = sqrt(float(np.nanvar(ours[1:]) + np.nanvar(others[1:])))
        distance = abs(float(ours[0] - others[0]))
        return erfc(distance / error / sqrt(2)) if np.isfinite(distance) and error > 0 else float("nan")


def by_group(
    sample: Sample, tasks: Sequence[Task], partitions: Partitions, settings: EvaluationSettings
) -> dict[str, Any]:
    """Figures of ``settings.model`` by outcome and group.

    A number is also looked at within people with, and without, the yes/no outcome that goes with it most, where their
    squared correlation is at least 0.1. A group with fewer than ``settings.min_count`` people, or of a class, has no
    figure; where a group has few people at all, none of its partition is counted.

    Returns:
        ``records``: task, label, partition, group, n, what ``calibrated`` means (``ratio``, ``difference`` or nothing),
        whether figures are ``shown``, and ``performance`` and ``calibration``: value, low, high, the value among the
        ``others``, and whether the two differ ``clear``-ly; ``n_tests``: differences judged, ``n_clear`` of them clear.
    """
    rounding = Rounding(settings.digits, settings.confidence)
    runs = sample.runs[settings.model]
    shares = seed_shares(settings.model, [run.seed for run in runs], _fewer(settings))
    records: list[dict[str, Any]] = []
    judged: list[tuple[str, _Judged]] = []
    columns = [column for task in tasks if task.role == "main" for column in _columns(task, sample)]
    for column in columns:

        def figures_of(rows: np.ndarray, name: str, column: _Column = column) -> dict[str, np.ndarray]:
            return _replicates(column, runs, shares, rows, settings.seed, name)

        for name, groups in {**partitions, **dict(_strata(column, columns))}.items():
            shown = {group: rows for group, rows in groups.items() if _enough(column, rows, settings.min_count)}
            found = {group: figures_of(rows, f"{name} {group}") for group, rows in shown.items()}
            said = _counted(column, groups, settings.min_count)
            mine = {group: _record(column, name, group, found.get(group), said[group], rounding) for group in groups}
            records += mine.values()
            for group in shown if len(shown) > 2 else [*shown][: len(shown) - 1]:
                others = [each for each in shown if each != group]
                rows = np.any([shown[each] for each in others], axis=0)
                against = found[others[0]] if len(others) == 1 else figures_of(rows, f"{name} but {group}")
                for each in FIGURES:
                    twin = mine[others[0]][each] if len(others) == 1 else None
                    mine[group][each]["others"] = rounding.number(against[each][0])
                    if twin is not None:
                        twin["others"] = mine[group][each]["value"]
                    kind = column.kind if each == "calibration" else ""
                    judged.append((kind, _Judged(mine[group][each], twin, found[group][each], against[each])))
    n_tests, n_clear = _flag(judged, 1 - settings.confidence)
    return {"n_tests": n_tests, "n_clear": n_clear, "records": records}


def _fewer(settings: EvaluationSettings) -> EvaluationSettings:
    return settings.model_copy(update={"replicates": min(settings.replicates, MOST_REPLICATES)})


def _columns(task: Task, sample: Sample) -> Iterator[_Column]:
    for place in range(sample.targets[task.name].shape[1]):
        label = task.labels[place] if task.labels else ""
        yield _Column(task, label, place, sample.targets[task.name][:, place])


def _strata(column: _Column, columns: Sequence[_Column]) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """People with and without the yes/no outcome that goes with a number most."""
    if kind_of(column.task).form != "number":
        return
    best, square = None, RELATED
    for other in columns:
        both = np.isfinite(column.target) & np.isfinite(other.target)
        ours, theirs = column.target[both], other.target[both]
        if kind_of(other.task).form == "binary" and len(ours) and np.ptp(ours) > 0 and np.ptp(theirs) > 0:
            found = float(np.corrcoef(ours, theirs)[0, 1] ** 2)
            best, square = (other, found) if found >= square else (best, square)
    if best is not None:
        yield (
            f"{best.task.name}__{best.label}" if best.label else best.task.name,
            {
                "yes": best.target == 1,
                "no": best.target == 0,
            },
        )


def _enough(column: _Column, rows: np.ndarray, min_count: int) -> bool:
    known = column.target[rows & np.isfinite(column.target)]
    classes = kind_of(column.task).count_classes(column.task, known)
    return min(len(known), *classes) >= min_count if classes else len(known) >= min_count


def _counted(column: _Column, groups: Mapping[str, np.ndarray], min_count: int) -> dict[str, int | None]:
    """People with a label by group; where one group has few, none is said: the total would give it away."""
    counts = {group: int((rows & np.isfinite(column.target)).sum()) for group, rows in groups.items()}
    few = any(0 < n < min_count for n in counts.values())
    return {group: None if few else n for group, n in counts.items()}


def _replicates(
    column: _Column, runs: Sequence[Run], shares: np.ndarray, rows: np.ndarray, seed: int, name: str
) -> dict[str, np.ndarray]:
    """Performance and calibration among some people; element 0 is the estimate."""
    known = rows & np.isfinite(column.target)
    # people of two groups are drawn apart from each other
    own_seed = [seed, zlib.crc32(name.encode())]
    counts = np.zeros((len(rows), shares.shape[1]))
    counts[known] = resample_counts(int(known.sum()), replicates=shares.shape[1] - 1, seed=own_seed)
    found = []
    for run in runs:
        mine = known[run.person]
        prediction = run.predictions[column.task.name][mine]
        prediction = prediction[:, [column.place]] if column.label else prediction
        found.append(_figures(column, column.target[run.person[mine]], prediction, counts[run.person[mine]]))
    drawn = shares > 0
    return {each: np.where(drawn, np.stack([one[each] for one in found]) * shares, 0.0).sum(axis=0) for each in FIGURES}


def _figures(column: _Column, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    scores = formulas_of(column.task)(target, prediction, weights)
    performance = np.asarray(scores[headline_name(column.task)])
    if not column.kind:
        return {"performance": performance, "calibration": np.full_like(performance, np.nan)}
    if column.kind == "ratio":
        return {"performance": performance, "calibration": ratio(target @ weights, prediction[:, 0] @ weights)}
    classes = prediction.shape[1]
    expected = prediction @ np.arange(classes) if classes > 1 else prediction[:, 0]
    return {
        "performance": performance,
        "calibration": ratio((expected - target) @ weights, weights.sum(axis=0)),
    }


def _record(
    column: _Column,
    partition: str,
    group: str,
    found: Mapping[str, np.ndarray] | None,
    n: int | None,
    rounding: Rounding,
) -> dict[str, Any]:
    """A group's figures; without them where it has too few people."""
    nothing = np.full(2, np.nan)
    return {
        "task": column.task.name,
        "label": column.label,
        "partition": partition,
        "group": group,
        "n": n,
        "calibrated": column.kind,
        "shown": found is not None,
        **{
            each: {
                **rounding.figure(found[each] if found else nothing, shown=found is not None),
                "others": None,
                "clear": False,
            }
            for each in FIGURES
        },
    }


def _flag(judged: Sequence[tuple[str, _Judged]], level: float) -> tuple[int, int]:
    """Mark the differences that are clear; how many could be judged, and how many are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        tests = [(p, each) for kind, each in judged if np.isfinite(p := each.p(kind))]
    clear = holm([p for p, _ in tests], level)
    for (_, each), is_clear in zip(tests, clear, strict=True):
        for record in (each.record, each.twin):
            if is_clear and record is not None:
                record["clear"] = True
    return len(tests), sum(clear)


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which hypotheses fall, so that a true one falls by chance at most ``level`` of the time."""
    order = np.argsort(p_values, kind="stable")
    falls = [False] * len(p_values)
    for place, index in enumerate(order):
        if p_values[index] > level / (len(p_values) - place):
            break
        falls[index] = True
    return falls
