"""What a person asks for on the command line: outcomes and leaks, their columns looked up in the tables."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.new.source import NewStudyError, SourceTable
from mtl_models.kinds import KINDS
from mtl_models.wording import nearest, unknown

_TARGET = re.compile(rf"(?P<name>[^=]+)=(?P<columns>.+?)(?::(?P<kind>{'|'.join(KINDS)})(?:=(?P<yes>.+))?)?")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True)
class Place:
    """A column of a table."""

    table: str
    column: str


@dataclass(frozen=True)
class Outcome:
    """An outcome that was asked for.

    Attributes:
        name: of the task.
        places: its columns: one, or one a label.
        kind: of the task, empty where it shall be guessed.
        yes: the answer that means yes.
    """

    name: str
    places: tuple[Place, ...]
    kind: str = ""
    yes: str = ""


def find_column(given: str, tables: Sequence[SourceTable]) -> Place:
    """The column that is meant by ``COLUMN`` or ``TABLE.COLUMN``.

    Raises:
        NewStudyError: if there is none, or several tables have it.
    """
    places = [Place(table.name, column) for table in tables for column in table.frame.columns]
    found = [each for each in places if given in (each.column, f"{each.table}.{each.column}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise NewStudyError(f"column {given} stands in {', '.join(each.table for each in found)}: write TABLE.{given}")
    near = nearest(given, {each.column for each in places})
    raise NewStudyError(f"no table has a column {given!r}" + (f"; the nearest is {near!r}" if near else ""))


def read_outcome(given: str, tables: Sequence[SourceTable]) -> Outcome:
    """``NAME=COLUMN:KIND``, ``NAME=COLUMN``, ``NAME=COLUMN:binary=YES`` or ``NAME=A+B+C:multilabel``.

    Raises:
        NewStudyError: if it is none of these.
    """
    match = _TARGET.fullmatch(given.strip())
    if not match:
        raise NewStudyError(f"--target {given!r}: write NAME=COLUMN:KIND, such as sbp=sysBP:regression")
    name, columns = match["name"].strip(), match["columns"].strip()
    if not _NAME.fullmatch(name):
        raise NewStudyError(f"--target {given!r}: {name!r} is no name: use lower-case letters, digits and single _")
    before, colon, kind = columns.rpartition(":")
    if colon and all(columns != column for table in tables for column in table.frame.columns):
        raise NewStudyError(f"--target {before!r}: kind {unknown(kind, KINDS, 'kind')}")
    try:
        places: tuple[Place, ...] = (find_column(columns, tables),)
    except NewStudyError:
        if "+" not in columns:
            raise
        places = tuple(find_column(each.strip(), tables) for each in columns.split("+"))
    kind = match["kind"] or ("multilabel" if len(places) > 1 else "")
    if len(places) > 1 and KINDS[kind].names != "labels":
        raise NewStudyError(f"--target {given!r}: several columns are the labels of a multilabel outcome")
    if match["yes"] and KINDS[kind].form != "binary":
        raise NewStudyError(f"--target {given!r}: only a binary outcome says which answer means yes")
    return Outcome(name, places, kind, match["yes"] or "")


def read_outcomes(given: Sequence[str], tables: Sequence[SourceTable]) -> tuple[Outcome, ...]:
    """Every outcome, names distinct.

    Raises:
        NewStudyError: with all that is wrong.
    """
    found: list[Outcome] = []
    faults: list[str] = []
    for each in given:
        try:
            found.append(read_outcome(each, tables))
        except NewStudyError as error:
            faults += error.sentences
    names = [outcome.name for outcome in found]
    faults += [f"--target {name} is given twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if not given:
        faults.append("name at least one outcome: --target NAME=COLUMN:KIND, such as sbp=sysBP:regression")
    if faults:
        raise NewStudyError(*faults)
    return tuple(found)


def read_leaks(given: Sequence[str], tables: Sequence[SourceTable], tasks: Sequence[str]) -> dict[str, list[Place]]:
    """By task the columns that give it away; a leak without a task is one of all.

    Raises:
        NewStudyError: for a column or a task that there is not.
    """
    leaks: dict[str, list[Place]] = {task: [] for task in tasks}
    faults: list[str] = []
    for each in given:
        try:
            place, named = _leak(each, tables, tasks)
        except NewStudyError as error:
            faults += error.sentences
        else:
            for task in named:
                leaks[task].append(place)
    if faults:
        raise NewStudyError(*faults)
    return leaks


def _leak(given: str, tables: Sequence[SourceTable], tasks: Sequence[str]) -> tuple[Place, Sequence[str]]:
    column, colon, task = given.strip().rpartition(":")
    if colon and task in tasks:
        return find_column(column, tables), [task]
    try:
        return find_column(given.strip(), tables), tasks
    except NewStudyError:
        if not colon:
            raise
    raise NewStudyError(f"--leak {given!r}: {unknown(task, tasks, 'task')}")


def read_kept(given: Sequence[str], tables: Sequence[SourceTable]) -> set[Place]:
    """The columns that shall stay whatever they look like.

    Raises:
        NewStudyError: for a column that there is not.
    """
    found: set[Place] = set()
    faults: list[str] = []
    for each in given:
        try:
            found.add(find_column(each.strip(), tables))
        except NewStudyError as error:
            faults += [f"--keep: {sentence}" for sentence in error.sentences]
    if faults:
        raise NewStudyError(*faults)
    return found


def require_apart(
    outcomes: Sequence[Outcome], leaks: Mapping[str, Sequence[Place]], group: Place | None, key: str
) -> None:
    """Make sure that no column was asked to be two things that exclude each other.

    Raises:
        NewStudyError: with all that do.
    """
    by_place: dict[Place, list[str]] = {}
    for outcome in outcomes:
        for place in outcome.places:
            by_place.setdefault(place, []).append(outcome.name)
    faults = [
        f"column {place.column} is part of the outcomes {' and '.join(names)}, which would give each other away: "
        "leave one out"
        for place, names in by_place.items()
        if len(names) > 1
    ]
    faults += [f"--target {names[0]}: {key} is the key" for place, names in by_place.items() if place.column == key]
    if any(place.column == key for places in leaks.values() for place in places):
        faults.append(f"--leak {key}: no feature is made of the key, leave it out")
    if group in by_place:
        faults.append(f"--group {group.column}: it is an outcome; keep people together by another column")
    if faults:
        raise NewStudyError(*faults)


def shown(places: Sequence[Place]) -> Iterator[str]:
    """Columns as params.yaml names them."""
    return (f"{each.table}.{glob.escape(each.column)}" for each in places)
