"""Ways in which a delivery of a CSV goes wrong, by chance; cells that are put in have a mark."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

CANARY = "QZXCANARY"
Rows = list[list[str]]


def _cell(rows: Rows, chance: random.Random) -> tuple[int, int]:
    row = chance.randrange(1, len(rows))
    return row, chance.randrange(len(rows[row])) if rows[row] else 0


def _put(value: str) -> Callable[[Rows, random.Random], None]:
    def change(rows: Rows, chance: random.Random) -> None:
        row, column = _cell(rows, chance)
        if rows[row]:
            rows[row][column] = value

    return change


def _whole_column(value: str | None) -> Callable[[Rows, random.Random], None]:
    """One value in a whole column; None takes the column out."""

    def change(rows: Rows, chance: random.Random) -> None:
        column = chance.randrange(len(rows[0]))
        for row in rows[1:] if value is not None else rows:
            if column < len(row):
                row[column : column + 1] = [] if value is None else [value]

    return change


def _header(rows: Rows, chance: random.Random) -> None:
    column = chance.randrange(len(rows[0]))
    rows[0][column] = chance.choice([rows[0][column].upper(), f"{CANARY} Jane", "", rows[0][0], rows[0][column] + "_x"])


def _twice(rows: Rows, chance: random.Random) -> None:
    rows.insert(chance.randrange(1, len(rows) + 1), list(rows[chance.randrange(len(rows))]))


def _fields(rows: Rows, chance: random.Random) -> None:
    row = rows[chance.randrange(1, len(rows))]
    if chance.random() < 0.5 and row:
        row.pop()
    else:
        row.append(CANARY)


def _more(rows: Rows, chance: random.Random) -> None:
    for row in rows:
        row.append(f"{CANARY}1" if row is not rows[0] else f"{CANARY} name")


def _swap(rows: Rows, chance: random.Random) -> None:
    one, other = (chance.randrange(len(rows)) for _ in range(2))
    rows[one], rows[other] = rows[other], rows[one]


def _lost(rows: Rows, chance: random.Random) -> None:
    del rows[chance.randrange(1, len(rows)) :]


OF_ROWS: tuple[Callable[[Rows, random.Random], None], ...] = (
    *(_put(value) for value in (CANARY, f'"{CANARY}', "", "NaN", "1e999", "-1", "24,85", "١٢", f"{CANARY}\n", "\x00")),
    *(_whole_column(value) for value in (None, "", "0", CANARY, "2026-11-20", "true", "999999", " 1 ")),
    _header,
    _twice,
    _fields,
    _more,
    _swap,
    _lost,
)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _noise(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


OF_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _noise,
    lambda data, chance: data.decode("utf-8", "replace").encode("utf-16"),
    lambda data, chance: b"\xef\xbb\xbf" * chance.randint(1, 2) + data,
    lambda data, chance: data.replace(b",", chance.choice([b";", b"\t", b"|"])),
    lambda data, chance: data.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n"])),
    lambda data, chance: b"",
    lambda data, chance: data + data,
    lambda data, chance: b"PAR1" + data,
    lambda data, chance: data.replace(b"\n", b"\n\x00", 1),
)


def spoil(file: Path, chance: random.Random) -> str:
    """Change a CSV in one to three ways, and say in which."""
    said = []
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.7:
            rows = [line.split(",") for line in file.read_text(errors="replace").split("\n")]
            place = chance.randrange(len(OF_ROWS))
            if len(rows) > 2:
                OF_ROWS[place](rows, chance)
                file.write_text("\n".join(",".join(row) for row in rows))
            said.append(f"rows {place}")
        else:
            place = chance.randrange(len(OF_BYTES))
            file.write_bytes(OF_BYTES[place](file.read_bytes(), chance))
            said.append(f"bytes {place}")
    return ", ".join(said)
