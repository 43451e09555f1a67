"""The header of a file against the columns of its contract: one sentence that quotes no name that may be a person's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from schemas.faults import TableFault
from schemas.reading.names import Names, listed, plain, shown

Row = tuple[int, Sequence[str]]  # the line on which it starts, and its cells

_MARK = "\ufeff"
_INDEX = re.compile(r"unnamed: ?\d+|index|level_\d+|__index_level_\d+__|row\.?names|", re.IGNORECASE)
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def check_header(
    header: Sequence[str],
    file: str,
    table: str,
    columns: Sequence[str],
    optional: Collection[str] = (),
    below: Iterable[Row] = (),
) -> None:
    """Make sure that a header names all columns of the contract, once each, and no others.

    Args:
        header: the names as the file has them, blanks around them taken away.
        file: the file's name, for the sentence.
        table: the table's name.
        columns: what the contract declares.
        optional: those of them that may be absent.
        below: the next rows, looked at only where the first line is no header.

    Raises:
        TableFault: if not. A name that is not declared is quoted only where it resembles a declared one.
    """
    counts, declared = Counter(header), set(columns)
    undeclared = [(place, name) for place, name in enumerate(header, start=1) if name not in declared]
    absent = [name for name in columns if name not in counts]
    near = _near(undeclared, absent, columns, table) if undeclared else []
    if len(absent) == len(columns) and len(near) * 2 <= len(columns):  # perhaps data stand where the header should
        raise TableFault(table, f"{file}{_no_header(header, table, columns, below)}")
    if doubled := sorted(name for name in declared if counts[name] > 1):
        raise TableFault(table, f"{file}: the header names {listed(doubled)} more than once; keep one of them")
    if near:
        raise TableFault(table, f"{file}: the header has {listed(near)}; name the columns as the contract does")
    if index := [(place, name) for place, name in undeclared if _INDEX.fullmatch(name) and (name or place == 1)]:
        place, name = index[0]
        raise TableFault(
            table,
            f"{file}: the column {name or f'number {place}, which has no name,'} looks like an index that pandas or R "
            "added; write the table without it",
        )
    if missing := [name for name in absent if name not in optional]:
        raise TableFault(table, f"{file}: {_columns(missing)} missing; add what the contract of {table} declares")
    if undeclared:
        places = [f"number {place}" for place, _ in undeclared]
        raise TableFault(
            table, f"{file}: {_columns(places)} not in the contract of {table}; take out or declare what is new"
        )


def check_names(header: Sequence[str], file: str, table: str) -> None:
    """Make sure that a header that no contract declares can name columns: no name twice, none empty.

    Raises:
        TableFault: if not. It quotes no name: a first line that is no header may hold a person's.
    """
    for delimiter, words in _DELIMITERS.items():
        if len(header) == 1 and delimiter in header[0]:
            raise TableFault(table, f"{file} has {words} between its columns: write it with commas between them")
    if not any(header):
        raise TableFault(table, f"{file} has no header line: deliver it again")
    if places := [str(place) for place, name in enumerate(header, start=1) if not name]:
        raise TableFault(table, f"{file}: the column number {listed(places)} has no name; give it one, or take it out")
    if len(set(header)) < len(header):
        raise TableFault(table, f"{file}: the header names a column more than once; keep one of them")


def _near(
    undeclared: Sequence[tuple[int, str]], absent: Sequence[str], columns: Sequence[str], table: str
) -> list[str]:
    """What to say of the names that resemble a declared one, above all one that is absent."""
    found, missing, every = [], Names(absent), Names(columns)
    for place, name in undeclared:
        resembled = missing.meant(name)
        if resembled is None and (of_another := every.meant(name)) and of_another[1]:
            resembled = of_another
        if resembled is None:
            continue
        column, quotable = resembled
        if name.strip(_MARK) == column:
            found.append(f"a second byte-order mark before {column}")
        elif quotable or plain(name) == plain(f"{table}{column}"):
            found.append(f"{shown(name)} for {column}")
        else:
            found.append(f"number {place} for {column}")
    return found


def _no_header(header: Sequence[str], table: str, columns: Sequence[str], below: Iterable[Row]) -> str:
    """The end of the sentence for a first line that is no header; it quotes nothing of it."""
    wanted = {plain(name) for name in columns}
    for delimiter, words in _DELIMITERS.items():
        if len(header) == 1 and len(wanted.intersection(map(plain, header[0].split(delimiter)))) * 2 > len(wanted):
            return f" has {words} between its columns: write it with commas between them"
    for line, cells in below:
        if len(wanted.intersection(map(plain, cells))) * 2 > len(wanted):
            return f": the header stands on line {line}; take out what is above it"
    if not any(header):
        return " has no header line: deliver it again"
    return f": the first line is not the header of {table}: it must name the columns, with commas between them"


def _columns(names: list[str]) -> str:
    return f"the column {listed(names)} is" if len(names) == 1 else f"the columns {listed(names)} are"
