"""A night's tables against the nights before: rows, empty cells, rejected rows; from counts of validations alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from flows.features.view import is_hidden
from flows.nightly.watch.chance import more_than
from flows.nightly.watch.records import BEYOND, DEAD, FINE, NOT_JUDGED, TABLES, Record
from flows.project.watch_settings import WatchSettings
from flows.report.words import count

Summary = Mapping[str, Any]
SURE = 0.001  # how seldom chance alone brings a share as large, or a table without rows
DEVIATIONS = 4.0  # of a count of independent rows; fewer from the usual number are chance


def watch_feeds(
    tonight: Summary,
    before: Sequence[Summary],
    settings: WatchSettings,
    min_count: int,
    *,
    unread: Sequence[str] = (),
) -> list[Record]:
    """Rows, empty cells and rejected rows of every table.

    Args:
        tonight: the summary of the night's validation.
        before: those of the nights before.
        settings: the limits.
        min_count: fewer rows could be recognised.
        unread: patterns of columns that no feature reads: drops hold them late or not at all.
    """
    found: list[Record] = []
    for name, table in tonight["tables"].items():
        known = [night["tables"][name] for night in before if name in night["tables"]]
        came = [name not in night["absent"] for night in before if name in night["tables"]]
        feed = _rows(name, table, known, came, settings, min_count, absent=name in tonight["absent"])
        found.append(feed)
        if table["n_rows"]:
            found += _missing(name, table, known, settings, min_count, unread)
            found += _rejected(name, table, known, settings, min_count)
    return found


def _rows(
    name: str,
    table: Summary,
    known: Sequence[Summary],
    came: Sequence[bool],
    settings: WatchSettings,
    min_count: int,
    *,
    absent: bool,
) -> Record:
    """The rows of a table: none at all is no small number, it is a feed that is dead."""
    n, before = int(table["n_rows"]), [int(each["n_rows"]) for each in known]
    usual = float(median(before)) if before else None
    state, words = _judged(n, before, usual, came, settings, min_count, absent=absent)
    return Record(
        area=TABLES,
        measure="rows",
        name=name,
        n=n if n == 0 or n >= min_count else None,
        value=float(n) if n == 0 or n >= min_count else None,
        usual=usual if usual is None or usual == 0 or usual >= min_count else None,
        limit=settings.rows,
        state=state,
        words=words,
    )


def _judged(
    n: int,
    before: Sequence[int],
    usual: float | None,
    came: Sequence[bool],
    settings: WatchSettings,
    min_count: int,
    *,
    absent: bool,
) -> tuple[str, str]:
    """The state of a number of rows, and what to say of it."""
    shown = count(n, min_count)
    state, words = FINE, f"{shown} rows"
    if usual is None:
        state = NOT_JUDGED if n == 0 else FINE
        words = f"{shown} rows; there is no night before to compare with"
    elif n == 0:
        missed = "the table did not arrive" if absent else "the table has no row"
        dead = usual > 0 and (sum(came) > len(came) / 2 if absent else math.exp(-usual) < SURE)
        state = DEAD if dead else BEYOND if usual > 0 else FINE
        words = f"{missed}; usual are {count(int(usual), min_count)} rows"
    elif usual == 0:
        words = f"{shown} rows; in most nights it brings none"
    elif len(before) < settings.least_nights:
        state, words = NOT_JUDGED, f"{shown} rows; only {len(before)} nights before to compare with"
    else:
        far = n * settings.rows < usual or n > usual * settings.rows
        unseen = not min(before) <= n <= max(before)
        by_chance = abs(n - usual) <= DEVIATIONS * math.sqrt(max(usual, 1))
        state = BEYOND if far and unseen and not by_chance else FINE
        words = f"{shown} rows; usual are {count(int(usual), min_count)}"
    return state, words


def _missing(
    name: str,
    table: Summary,
    known: Sequence[Summary],
    settings: WatchSettings,
    min_count: int,
    unread: Sequence[str],
) -> Iterator[Record]:
    """The share of empty cells of each column that ever had one: delivered empty, or emptied for a broken rule."""
    columns = dict.fromkeys(column for each in (*known, table) for column in _empty(each))
    for column in columns:
        if is_hidden(name, column, unread) or column in table["absent_columns"]:
            continue
        with_it = [each for each in known if column not in each["absent_columns"]]
        usual = sum(_empty(each).get(column, 0) for each in with_it), sum(each["n_valid"] for each in with_it)
        place = f"{name}.{column}"
        now = _empty(table).get(column, 0), table["n_valid"]
        yield _share("missing", place, "", now, usual, len(with_it), settings.missing, settings, min_count)


def _empty(table: Summary) -> dict[str, int]:
    found = dict(table["empty_by_column"])
    for column, rules in table["nulled_by_column_and_rule"].items():
        found[column] = found.get(column, 0) + sum(rules.values())
    return found


def _rejected(
    name: str, table: Summary, known: Sequence[Summary], settings: WatchSettings, min_count: int
) -> Iterator[Record]:
    """The share of rows that each rule rejects."""
    rules = dict.fromkeys(rule for each in (*known, table) for rule in each["rejected_by_rule"])
    n_before = sum(each["n_rows"] for each in known)
    for rule in rules:
        usual = sum(each["rejected_by_rule"].get(rule, 0) for each in known), n_before
        now = table["rejected_by_rule"].get(rule, 0), table["n_rows"]
        yield _share("rejected", name, rule, now, usual, len(known), settings.rejected, settings, min_count)


def _share(
    measure: str,
    name: str,
    part: str,
    now: tuple[int, int],
    usual: tuple[int, int],
    n_nights: int,
    limit: float,
    settings: WatchSettings,
    min_count: int,
) -> Record:
    """A share of rows against that of the nights before: beyond its limit if it grew by more, and not by chance."""
    (k, n), (usual_k, usual_n) = now, usual
    before = usual_k / usual_n if usual_n else None
    state, words = FINE, f"{_percent(k, n, min_count)}"
    if before is None or n_nights < settings.least_nights or not n:
        state, words = NOT_JUDGED, f"{words}; only {n_nights} nights before to compare with"
    else:
        grew = k / n - before > limit and more_than(k, n, usual_k, usual_n) < SURE
        state, words = BEYOND if grew else FINE, f"{words}; usual are {_percent(usual_k, usual_n, min_count)}"
    small = 0 < k < min_count or n < min_count
    return Record(
        area=TABLES,
        measure=measure,
        name=name,
        part=part,
        n=n if n >= min_count else None,
        value=None if small else round(k / n, 6),
        usual=None if before is None or 0 < usual_k < min_count else round(before, 6),
        limit=limit,
        state=state,
        words=words,
    )


def _percent(k: int, n: int, min_count: int) -> str:
    if not n:
        return "no row"
    return f"{count(k, min_count)} of {count(n, min_count)} rows" + ("" if 0 < k < min_count else f" ({k / n:.1%})")
