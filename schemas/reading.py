"""Reading a source table as text, row by row accounted for; whatever is wrong with a whole file stops here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandera.polars as pa
import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView

_READABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,39}")
_SIGNATURES = {
    b"PAR1": "a Parquet file: give it the name {table}.parquet",
    b"PK\x03\x04": "an Excel workbook or a zip archive: save the table as CSV",
    b"\x1f\x8b": "compressed: unpack it",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}
_NESTED = (pl.List, pl.Array, pl.Struct, pl.Binary, pl.Object)


@dataclass(frozen=True)
class BrokenRow:
    """A row whose fields do not match the header: it cannot be told which value belongs to which column."""

    line: int
    fields: tuple[str, ...] = field(repr=False)
    rule: str


@dataclass(frozen=True)
class TextTable:
    """A source table as text.

    Attributes:
        table: name of the table.
        file: name of the file.
        frame: the declared columns that the file has, as String, just as they stand there.
        lines: for each row of ``frame`` the line of the file where it starts, or its number in a Parquet file.
        header: the file's columns in its order.
        broken: rows with too few or too many fields.
    """

    table: str
    file: str
    frame: pl.DataFrame = field(repr=False)
    lines: pl.Series
    header: tuple[str, ...]
    broken: tuple[BrokenRow, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of the file, broken ones included."""
        return self.frame.height + len(self.broken)


def find_file(folder: Path, table: str) -> Path | None:
    """The file of ``table`` in ``folder``, or None.

    Raises:
        TableFault: if there are both a CSV and a Parquet file.
    """
    found = [path for suffix in (".csv", ".parquet") if (path := folder / f"{table}{suffix}").is_file()]
    if len(found) > 1:
        raise TableFault(table, f"{table}: there are both {table}.csv and {table}.parquet; keep the one that is right")
    return found[0] if found else None


def read_table(
    path: Path, model: type[pa.DataFrameModel], *, table: str = "", optional: Collection[str] = ()
) -> TextTable:
    """Read the source table in ``path`` as text; ``optional`` names columns that it may lack.

    Raises:
        TableFault: if the file cannot be read or has not exactly the model's columns.
    """
    table = table or path.stem
    if not path.is_file():
        raise TableFault(table, f"{path.name} is missing: put {table}.csv or {table}.parquet in the folder")
    data = path.read_bytes()
    if not data:
        raise TableFault(table, f"{path.name} is empty (0 bytes): deliver it again")
    columns = list(ModelView.of(model).rules)
    if path.suffix == ".parquet":
        return _read_parquet(data, path.name, table, columns, optional)
    return _read_csv(data, path.name, table, columns, optional)


def _read_csv(data: bytes, file: str, table: str, columns: list[str], optional: Collection[str]) -> TextTable:
    reader = csv.reader(io.StringIO(_decode(data, file, table), newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    broken: list[BrokenRow] = []
    start = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, file, table, columns, optional)
        start = reader.line_num + 1
        for row in reader:
            if len(row) == len(header):
                rows.append(row)
                lines.append(start)
            elif row:  # a line without anything on it is not a row
                rule = "too_few_fields" if len(row) < len(header) else "too_many_fields"
                broken.append(BrokenRow(start, tuple(row), rule))
            start = reader.line_num + 1
    except csv.Error:
        raise TableFault(
            table, f"{file}: the quotes of the row that starts on line {start} do not pair up; mend or export again"
        ) from None
    cells = zip(*rows, strict=True) if rows else ([] for _ in header)
    frame = pl.DataFrame(
        {name: list(column) for name, column in zip(header, cells, strict=True)},
        schema_overrides=dict.fromkeys(header, pl.String),
    )
    return TextTable(table, file, _declared(frame, columns), _line_numbers(lines), tuple(header), tuple(broken))


def _decode(data: bytes, file: str, table: str) -> str:
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise TableFault(table, f"{file} is not a CSV in UTF-8 but {what.format(table=table)}")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise TableFault(table, f"{file} is not a CSV: line {line} holds a NUL byte; export it again as UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
    raise TableFault(table, f"{file} is not UTF-8: line {line} holds a byte that is not; save it as UTF-8")


def _read_parquet(data: bytes, file: str, table: str, columns: list[str], optional: Collection[str]) -> TextTable:
    if data[:4] != b"PAR1":
        raise TableFault(table, f"{file} is not a Parquet file: give a CSV the name {table}.csv, or export it again")
    frame: pl.DataFrame | None = None
    if data[-4:] == b"PAR1":
        try:
            frame = pl.read_parquet(io.BytesIO(data))
        except (
            Exception,
            pl.exceptions.PanicException,
        ):  # a damaged file fails in many ways, and its message may quote what it read
            frame = None
    if frame is None:
        raise TableFault(table, f"{file} is a damaged or cut off Parquet file: deliver it again")
    header = frame.columns
    _check_header(header, file, table, columns, optional)
    if nested := [name for name, dtype in frame.schema.items() if isinstance(dtype, _NESTED)]:
        raise TableFault(
            table, f"{file}: the column {nested[0]} holds nested or binary data; write it as text or number"
        )
    text = frame.select(
        # NaN is how other tools write an empty number, and a check would let it pass
        pl.col(name).fill_nan(None).cast(pl.String)
        if dtype.is_float()
        else pl.col(name).cast(pl.Int8).cast(pl.String)
        if dtype == pl.Boolean
        else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
    )
    return TextTable(table, file, _declared(text, columns), _line_numbers(range(1, frame.height + 1)), tuple(header))


def _declared(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    return frame.select(name for name in columns if name in frame.columns)


def _line_numbers(lines: Sequence[int]) -> pl.Series:
    return pl.Series("line", lines, dtype=pl.Int64)


def _check_header(
    header: Sequence[str], file: str, table: str, columns: Sequence[str], optional: Collection[str]
) -> None:
    if not any(header):
        raise TableFault(table, f"{file} has no header line: deliver it again")
    known = [name for name in header if name in columns]
    if not known:  # perhaps data stand where the header should: nothing of it may be quoted
        raise TableFault(
            table,
            f"{file}: the first line is not the header of {table}: it must name the columns, with commas between them",
        )
    if doubled := sorted({name for name in known if known.count(name) > 1}):
        raise TableFault(table, f"{file}: the header names {', '.join(doubled)} more than once; keep one of them")
    if missing := [name for name in columns if name not in header and name not in optional]:
        raise TableFault(table, f"{file}: {_columns(missing)} missing; add what the contract of {table} declares")
    if extra := [place for place, name in enumerate(header, start=1) if name not in columns]:
        names = [
            header[place - 1] if _READABLE_NAME.fullmatch(header[place - 1]) else f"number {place}" for place in extra
        ]
        raise TableFault(
            table, f"{file}: {_columns(names)} not in the contract of {table}; take out or declare what is new"
        )


def _columns(names: Sequence[str], *, most: int = 8) -> str:
    listed = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return f"the column {listed} is" if len(names) == 1 else f"the columns {listed} are"
