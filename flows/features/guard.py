"""The functions of a study, guarded: what goes wrong in one is a sentence without its error's text or a value."""

from __future__ import annotations

import functools
import linecache
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from flows.project.errors import is_failure, is_ours, kind_of, place_of, wants_traceback
from flows.project.processes import Ended
from mtl_models.data.dataset import PERSON
from mtl_models.wording import Faults
from schemas.contract import Contract
from schemas.reading.keys import all_distinct

Tables = Mapping[str, pl.DataFrame]
TableFunction = Callable[[Tables], pl.DataFrame]
# how Polars names a column in its errors
_NAMES = re.compile(r"""column ["']([^"']+)["']|^"([^"]+)" not found|name `([^`]+)`|col\("([^"]+)"\)""")


class FeatureError(Faults):
    """A study's people, feature or target function cannot be used as it is."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A function of a study, and what it may not read.

    Attributes:
        name: what to call it, e.g. ``domain examination``.
        contract: of its study.
        why_hidden: for table and column, why they are hidden from it.
    """

    name: str
    contract: Contract
    why_hidden: Callable[[str, str], str]

    def guard(self, function: TableFunction) -> TableFunction:
        """``function``, any error of which is a :class:`FeatureError` by kind, place and column.

        Who asks for tracebacks gets the error itself.
        """

        @functools.wraps(function)
        def guarded(tables: Tables) -> pl.DataFrame:
            try:
                frame = function(tables)
            except BaseException as error:
                quits = isinstance(error, SystemExit) and not isinstance(error, Ended)  # it would pass for a success
                if not quits and (not is_failure(error) or wants_traceback()):
                    raise
                sentence = self._sentence(error, tables)
            else:
                self._require_people(frame)
                return frame
            # outside the handler, so that the original error does not hang on it
            raise FeatureError(sentence)

        return guarded

    def _require_people(self, frame: object) -> None:
        """Refuse what is no table with one row a person."""
        wrong = ""
        if not isinstance(frame, pl.DataFrame):
            wrong = f"gives a {type(frame).__name__}; it must give a Polars DataFrame"
        elif PERSON not in frame.columns:
            wrong = f"gives no column {PERSON}: select the person key under that name"
        elif frame.schema[PERSON] != pl.String:
            wrong = f"gives {PERSON} as {frame.schema[PERSON]}; leave it the text that it is in the tables"
        elif frame[PERSON].null_count():
            wrong = f"gives {frame[PERSON].null_count()} rows without a person"
        elif not all_distinct(frame[PERSON]):
            wrong = "gives a person twice; it must give one row a person"
        if wrong:
            raise FeatureError(f"{self.name} of {self.contract.study} {wrong}")

    def _sentence(self, error: BaseException, tables: Tables) -> str:
        who, name = f"{self.name} of {self.contract.study}{place_of(error)}", _missing_name(error)
        if isinstance(error, pl.exceptions.ColumnNotFoundError) and name:
            return f"{who} reads {self._column(name, tables, error)}"
        if isinstance(error, KeyError) and name in self.contract.tables:
            return f"{who} reads the table {name}, of which every column is hidden{self._why_table(name)}"
        if isinstance(error, KeyError) and _stands_in_code(name, error):
            return f"{who} reads {name!r}, which is no table of the contract; it has {', '.join(self.contract.tables)}"
        at = f" at column {name}" if name in self._all_columns() else ""
        return f"{who} fails with {kind_of(error)}{at}; the error's text is not shown, since it may hold values"

    def _column(self, name: str, tables: Tables, error: BaseException) -> str:
        """What to say of a column that the function was not given."""
        holders = [table for table in self.contract.tables if name in self._columns(table)]
        hidden = [table for table in holders if table not in tables or name not in tables[table].columns]
        if hidden:
            found = " and ".join(f"{table}.{name}" for table in hidden)
            why = self.why_hidden(hidden[0], name)
            return f"{found}, which is hidden{f': it is {why}' if why else ''}; leave it out"
        if holders:
            return f"the column {name} of a table that lacks it; it stands in {' and '.join(holders)}"
        if not _stands_in_code(name, error):  # a name that was made from data is not repeated
            return "a column that no table has"
        near = get_close_matches(name, self._all_columns(), n=1)
        return f"the column {name}, which no table has{f'; the nearest is {near[0]}' if near else ''}"

    def _why_table(self, table: str) -> str:
        """Why a whole table is hidden, as the end of a sentence."""
        columns = [column for column in self._columns(table) if column != self.contract.person_key]
        reasons = sorted({why for column in columns if (why := self.why_hidden(table, column))})
        return f": {'; '.join(reasons)}; leave it out" if reasons else "; leave it out"

    def _columns(self, table: str) -> list[str]:
        return list(self.contract.tables[table].to_schema().columns)

    def _all_columns(self) -> list[str]:
        return [column for table in self.contract.tables for column in self._columns(table)]


def _missing_name(error: BaseException) -> str:
    """The name of table or column in an error's text, as far as there is one; not to be shown unless it is known."""
    if isinstance(error, KeyError):
        return str(error.args[0]) if error.args else ""
    found = _NAMES.search(str(error))
    return next((group for group in found.groups() if group), "") if found else ""


def _stands_in_code(name: str, error: BaseException) -> bool:
    """Whether a name is written in a file of ours that the error came through, so that it is no value of a person."""
    return bool(name) and any(
        f'"{name}"' in line or f"'{name}'" in line or re.search(rf"\.{re.escape(name)}\b", line)
        for line in _lines(error)
    )


def _lines(error: BaseException) -> Iterator[str]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if is_ours(frame):
            yield from linecache.getlines(frame.f_code.co_filename, frame.f_globals)
