"""Whether a file of a statistics package is what its name says, and whole: what the library that reads it overlooks."""

from __future__ import annotations

from schemas.faults import TableFault

_MEMBER = (b"HEADER RECORD*******MEMBER", b"HEADER RECORD*******MEMBV8")
_ROWS = (b"HEADER RECORD*******OBS ", b"HEADER RECORD*******OBSV8")
_RECORD = 80  # bytes; a transport file is made of them, the last one filled with blanks


def check_whole(data: bytes, suffix: str, file: str, table: str, *, n_rows: int, width: int) -> None:
    """Make sure that nothing behind the rows that were read is missing or left unread.

    A transport file does not say how many rows it has: one that ends with a row looks whole, and a list of checksums
    alone tells that it is not.

    Args:
        data: the file.
        suffix: the end of its name.
        file: its name in errors.
        table: the table's name.
        n_rows: the rows that were read.
        width: bytes of a row.

    Raises:
        TableFault: if it was cut off, or holds more than one data set.
    """
    if suffix == ".xpt":
        if sum(data.count(member) for member in _MEMBER) > 1:
            raise TableFault(table, f"{file} holds more than one data set: export each into a file of its own")
        whole = _transport_is_whole(data, n_rows, width)
    else:
        whole = suffix != ".dta" or not data.startswith(b"<stata_dta>") or data.endswith(b"</stata_dta>")
    if not whole:
        raise TableFault(table, f"{file} is cut off: deliver it again")


def _transport_is_whole(data: bytes, n_rows: int, width: int) -> bool:
    start = next((place for mark in _ROWS if (place := data.find(mark)) >= 0), -1)
    rest = data[start + _RECORD + n_rows * width :]
    return start >= 0 and len(data) % _RECORD == 0 and len(rest) < _RECORD and not rest.strip(b" ")
