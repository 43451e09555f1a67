"""A study as it will be written: its tables with their columns, its outcomes, and what no feature may read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from flows.new.asked import Outcome, Place, find_column, read_kept, read_leaks, read_outcomes, require_apart
from flows.new.column import Column, ColumnError, Judgement, LeftOut, Wanted, Wish
from flows.new.guess import guess_column
from flows.new.keys import check_keys, key_column, keys_of, person_table
from flows.new.outcomes import PlannedTask, as_task
from flows.new.source import NewStudyError, SourceTable, read_sources
from mtl_models.kinds import KINDS
from mtl_models.metrics.settings import MIN_COUNT

# the kind of field for what a target column holds
_WANTED: dict[str, Wanted] = {"number": "number", "binary": "binary", "classes": "category"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for on the command line.

    Attributes:
        study: its name.
        files: its tables.
        key: the column that names a person.
        targets, leaks, keep: as typed.
        group: a column whose people stay in one part of the split; empty for none.
        title: of the study.
    """

    study: str
    files: tuple[Path, ...]
    key: str
    targets: tuple[str, ...]
    leaks: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    group: str = ""
    title: str = ""


@dataclass(frozen=True)
class PlannedTable:
    """A table: the columns that it will have, the key first, and those that are left out."""

    source: SourceTable
    columns: tuple[Column, ...]
    left: tuple[LeftOut, ...]

    @property
    def name(self) -> str:
        """Of the table."""
        return self.source.name


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study, before anything is written.

    Attributes:
        person_table: the table that holds everybody.
        leaks: by task the columns that give it away.
        group: the column that the split keeps together.
    """

    request: Request
    tables: tuple[PlannedTable, ...]
    person_table: str
    tasks: tuple[PlannedTask, ...]
    leaks: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    group: Place | None = None

    @property
    def study(self) -> str:
        """Its name."""
        return self.request.study

    @property
    def n_people(self) -> int:
        """Rows of the person table."""
        return next(table.source.frame.height for table in self.tables if table.name == self.person_table)

    def keys(self, table: SourceTable) -> pl.Series:
        """The keys of a table's rows, as validation reads them: ``1`` for 1.0."""
        return keys_of(table, self.tables[0].columns[0])

    def features_of(self, table: PlannedTable) -> list[str]:
        """The columns of a table that features are made of: none of an outcome, none that gives one away."""
        hidden = {place for task in self.tasks for place in task.places}
        hidden |= {place for places in self.leaks.values() for place in places}
        return [
            column.name
            for column in table.columns
            if column.feature and column.kind != "person_key" and Place(table.name, column.name) not in hidden
        ]

    def judgements(self) -> Iterator[tuple[str, Judgement]]:
        """What a person should look at, each with its table."""
        for table in self.tables:
            found = [judgement for column in table.columns for judgement in column.judgements]
            found += [judgement for left in table.left for judgement in left.judgements]
            yield from ((table.name, judgement) for judgement in found)
        for task in self.tasks:
            yield from ((task.places[0].table, judgement) for judgement in task.judgements)


def plan_study(request: Request) -> Plan:
    """Everything that is guessed and asked for, from the files alone.

    Raises:
        NewStudyError: with all that is wrong with what was given.
    """
    sources = read_sources(list(request.files))
    check_keys(sources, request.key)
    outcomes = read_outcomes(request.targets, sources)
    leaks = read_leaks(request.leaks, sources, [outcome.name for outcome in outcomes])
    group = find_column(request.group, sources) if request.group else None
    people = person_table(sources, request.key)
    require_apart(outcomes, leaks, group, request.key)
    kept = read_kept(request.keep, sources)
    tables, faults = _tables(sources, request.key, outcomes, kept, group)
    if faults:
        raise NewStudyError(*faults)
    columns = {Place(table.name, column.name): column for table in tables for column in table.columns}
    tasks, faults = [], []
    for outcome in outcomes:
        try:
            tasks.append(as_task(outcome, [columns[place] for place in outcome.places]))
        except NewStudyError as error:
            faults += error.sentences
    if faults:
        raise NewStudyError(*faults)
    leaks = {task: [place for place in places if place in columns] for task, places in leaks.items()}
    plan = Plan(
        request=request, tables=tuple(tables), person_table=people, tasks=tuple(tasks), leaks=leaks, group=group
    )
    if not any(plan.features_of(table) for table in tables):
        left = [f"{each.name} ({each.why})" for table in tables for each in table.left]
        raise NewStudyError(
            "no column is there to make features of: all others are outcomes, leaks or left out"
            + (f": {', '.join(left)}; --keep COLUMN may declare one all the same" if left else "")
        )
    return plan


def _tables(
    sources: Sequence[SourceTable], key: str, outcomes: Sequence[Outcome], kept: Collection[Place], group: Place | None
) -> tuple[list[PlannedTable], list[str]]:
    """Every table with its columns guessed, and the outcomes and kept columns that cannot be what they should."""
    asked = {place: outcome for outcome in outcomes for place in outcome.places}
    tables, faults = [], []
    for source in sources:
        columns = [key_column(sources, source, key)]
        left = []
        for name in source.frame.columns:
            place = Place(source.name, name)
            if name == key:
                continue
            if place == group and place not in kept:
                left.append(LeftOut(name, "it decides the split alone"))
                continue
            try:
                found = _guess(source, name, asked.get(place), keep=place in kept)
            except ColumnError as error:
                faults.append(f"{source.path.name}: {error}")
                continue
            if isinstance(found, Column):
                columns.append(found)
            elif place in asked or place in kept:
                faults.append(f"{source.path.name}: {name} {_refusal(found, is_outcome=place in asked)}")
            else:
                left.append(found)
        tables.append(PlannedTable(source, tuple(columns), tuple(left)))
    return tables, faults


def _refusal(left: LeftOut, *, is_outcome: bool) -> str:
    what = "is no outcome" if is_outcome else "cannot be kept"
    return f"{what}: {left.why}" + (f" (--keep {left.name} takes it all the same)" if left.may_stay else "")


def _guess(source: SourceTable, name: str, outcome: Outcome | None, *, keep: bool) -> Column | LeftOut:
    if why := source.unfit(name):
        return LeftOut(name, why, may_stay=False)
    if source.is_index(name) and not keep:
        return LeftOut(name, "an index that pandas or R added")
    cells, described = source.frame[name], source.columns[name]
    if outcome is None:
        return guess_column(cells, described, Wish(keep=keep))
    if 0 < cells.len() - cells.null_count() < MIN_COUNT:
        raise ColumnError(f"{name} is no outcome: fewer than {MIN_COUNT} people have a value there")
    wanted = _WANTED[KINDS[outcome.kind].form] if outcome.kind else None
    found = guess_column(cells, described, Wish(wanted, outcome.yes, keep))
    if not wanted and isinstance(found, Column) and found.kind == "category" and len(found.classes) == 2:
        return guess_column(cells, described, Wish("binary", keep=keep))
    return replace(found, feature=True) if isinstance(found, Column) else found
