"""Reading a source table as text, from one file or from a folder of part files; a fault of a whole file stops here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandera.polars as pa

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.csv_file import read_csv
from schemas.reading.folder import part_files
from schemas.reading.forms import PACKAGES, form_of
from schemas.reading.parquet_file import read_parquet
from schemas.reading.statistics_file import read_statistics_table
from schemas.reading.text_table import TextTable, joined

_READERS: Mapping[str, Callable[..., TextTable]] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
    **{form: partial(read_statistics_table, form=form) for form in PACKAGES},
}
_PART_NAME = re.compile(r"part[-_.]?\d[0-9a-z._-]*", re.IGNORECASE)  # another name may be a person's


def read_table(
    path: Path, model: type[pa.DataFrameModel], *, table: str = "", optional: Collection[str] = ()
) -> TextTable:
    """Read the source table in ``path``, a file or a folder of parts, as text.

    Args:
        path: the file or folder.
        model: what it must hold.
        table: its name; that of the file if left out.
        optional: columns that it may lack.

    Raises:
        TableFault: if a file cannot be read or has not exactly the model's columns.
    """
    table = table or path.stem
    if not path.is_dir():
        return read_file(path, path.name, ModelView.of(model), table, optional)
    files = part_files(path, table)
    names = part_names(files)
    parts = [
        read_file(
            each, f"{path.name}/{name}", ModelView.of(model), table, optional, stored_as=f"{path.name}/{each.name}"
        )
        for each, name in zip(files, names, strict=True)
    ]
    return joined(table, path.name, parts, names)


def part_names(files: Sequence[Path]) -> list[str]:
    """What to call part files in an error: by their names, or by their places where a name may be a person's."""
    return [
        each.name if _PART_NAME.fullmatch(each.name) else f"file {place} by name" for place, each in enumerate(files, 1)
    ]


def read_file(
    path: Path, file: str, view: ModelView, table: str, optional: Collection[str], stored_as: str = ""
) -> TextTable:
    """Read one file of a table as text.

    Args:
        path: the file.
        file: its name in errors.
        view: what it must hold.
        table: the table's name.
        optional: columns that it may lack.
        stored_as: its name in rejects; ``file`` if left out.

    Raises:
        TableFault: if it cannot be read or has not exactly the model's columns.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TableFault(table, f"{file} is missing: put {table}.csv or {table}.parquet in the folder") from None
    except OSError as error:
        raise TableFault(table, f"{file} cannot be read: {error.strerror}") from None
    if not data:
        raise TableFault(table, f"{file} is empty (0 bytes): deliver it again")
    return _READERS[form_of(path.name) or ".csv"](
        data, file, view, table=table, stored_as=stored_as or file, optional=optional
    )
