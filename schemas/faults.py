"""The errors of this package: each is one sentence that names table or file, rule and remedy, and never a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ContractError(RuntimeError):
    """The contract or the checking itself is at fault, not the data."""


class TableFault(ValueError):
    """A whole table cannot be taken in.

    Attributes:
        table: name of the table, or empty where the folder is at fault.
    """

    def __init__(self, table: str, sentence: str) -> None:
        super().__init__(sentence)
        self.table = table

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.table, str(self))


class RejectShareExceeded(TableFault):
    """More rows of a table were rejected than the run allows.

    Attributes:
        summary: the counts of ``StudyResult.summary()``; no values.
    """

    def __init__(self, table: str, sentence: str, summary: Mapping[str, Any]) -> None:
        super().__init__(table, sentence)
        self.summary = summary

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.table, str(self), self.summary)
