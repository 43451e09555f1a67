"""A night's inputs and scores against the model's reference, per domain of features, per task and per group."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from flows.nightly.watch.chance import Shift, shift_of
from flows.nightly.watch.counting import Counted, Counts, Reference
from flows.nightly.watch.records import BEYOND, FINE, INPUTS, NOT_JUDGED, SCORES, Record
from flows.project.watch_settings import WatchSettings
from flows.report.words import count

MEASURE = "shift"


@dataclass(frozen=True)
class _Column:
    """How far a column is from its reference in a group."""

    name: str
    group: str
    n: int
    shift: Shift


def watch_shift(
    reference: Reference,
    counted: Counted,
    domains: Mapping[str, Sequence[str]],
    tasks: Mapping[str, Sequence[str]],
    settings: WatchSettings,
    min_count: int,
    aside: Mapping[str, str] = MappingProxyType({}),
) -> list[Record]:
    """How far inputs and scores are from the reference: of each domain or task the column that is farthest.

    A column is beyond its limit if its index is, and chance would not bring that to any of all the night's columns and
    groups more often than in ``settings.chance`` of the nights. People without a score are not compared: they have
    none in the reference.

    Args:
        domains, tasks: the columns of each.
        aside: columns that are not compared, each with the reason.
    """
    counts = {INPUTS: counted.inputs, SCORES: {name: each[:, :-1] for name, each in counted.scores.items()}}
    then = {INPUTS: reference.inputs, SCORES: {name: each[:, :-1] for name, each in reference.scores.items()}}
    columns = {area: list(_columns(reference, counts[area], then[area], aside)) for area in counts}
    judged = sum(each.shift.value is not None for found in columns.values() for each in found)
    least = settings.chance / max(judged, 1)
    found = list[Record]()
    for area, names, limit in ((INPUTS, domains, settings.inputs), (SCORES, tasks, settings.scores)):
        for name, members in names.items():
            left = [column for column in members if column in aside]
            held = set(members) & counts[area].keys() & then[area].keys() - set(left)
            note = _note(left, aside, len(left) + len(held))
            if left and not held:
                found.append(Record(area=area, measure=MEASURE, name=name, limit=limit, state=NOT_JUDGED, words=note))
            for group, _, _ in reference.groups if held else ():
                mine = [each for each in columns[area] if each.name in held and each.group == group]
                record = _farthest(area, name, group, mine, limit, least, min_count)
                found.append(replace(record, words=f"{record.words}; {note}") if left and not group else record)
    return found


def _note(left: Sequence[str], aside: Mapping[str, str], n: int) -> str:
    """What is not compared of so many columns, and why."""
    why = "; ".join(dict.fromkeys(aside[column] for column in left))
    return f"not compared: {why}" if len(left) == n else f"{len(left)} of {n} columns are not compared: {why}"


def _columns(reference: Reference, now: Counts, then: Counts, aside: Collection[str]) -> Iterator[_Column]:
    for name, counts in now.items():
        if name not in then or name in aside:
            continue
        for place, (group, column, _) in enumerate(reference.groups):
            if column and name == column:  # within a group its own column says nothing
                continue
            yield _Column(name, group, int(counts[place].sum()), shift_of(counts[place], then[name][place]))


def _farthest(
    area: str, name: str, group: str, columns: Sequence[_Column], limit: float, least: float, min_count: int
) -> Record:
    judged = [each for each in columns if each.shift.value is not None]
    n = max((each.n for each in columns), default=0)
    shown = n if n >= min_count else None
    if not judged or shown is None:
        words = f"{count(n, min_count)} people: too few to compare"
        return Record(
            area=area, measure=MEASURE, name=name, part=group, n=shown, limit=limit, state=NOT_JUDGED, words=words
        )
    beyond = [each for each in judged if each.shift.p < least and (each.shift.value or 0) > limit]
    worst = max(beyond or judged, key=lambda each: each.shift.value or 0)
    value = float(np.round(worst.shift.value or 0, 4))
    words = f"{worst.name} is the farthest from the model's reference, index {value:.2f}"
    if len(beyond) > 1:
        words += f"; {len(beyond)} of {len(judged)} columns are beyond the limit"
    elif not beyond and value > limit:
        words += f", which chance may bring to so few people ({n:,})"
    return Record(
        area=area,
        measure=MEASURE,
        name=name,
        part=group,
        n=n,
        value=value,
        limit=limit,
        state=BEYOND if beyond else FINE,
        words=words,
    )


def domains_of(reference: Reference) -> dict[str, list[str]]:
    """The features of each domain, by their names."""
    found: dict[str, list[str]] = {}
    for name in reference.inputs:
        found.setdefault(name.partition("__")[0], []).append(name)
    return found
