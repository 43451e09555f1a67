"""The errors of this package: each is one sentence that names table or file, rule and remedy, and never a value."""

from __future__ import annotations

from collections.abc import Sequence
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

    @classmethod
    def of(cls, faults: Sequence[TableFault]) -> TableFault:
        """Several faults as one, a line each; a single one is itself."""
        return faults[0] if len(faults) == 1 else cls("", "\n".join(str(fault) for fault in faults))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.table, str(self))


class LimitExceeded(ValueError):
    """A validation lost more than the run allows; tables, counts and rejects were written all the same."""
