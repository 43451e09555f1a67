"""What lies in a folder of tables: where each table is, and what looks like a table and is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.reading.forms import ENDS, FORMS, form_of, stem_of
from schemas.reading.names import Names, listed, shown

# fmt: off
_TABLES = {
    "csv", "tsv", "tab", "psv", "xls", "xlsx", "xlsm", "xlsb", "ods", "parquet", "pq", "feather", "arrow", "ipc", "orc",
    "avro", "sas7bdat", "xpt", "sav", "por", "dta", "rds", "rdata", "dbf", "db", "sqlite", "sqlite3", "mdb", "accdb",
    "jsonl", "ndjson", "zsav",
}
_PACKED = {"zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar"}
_PERHAPS = {"txt", "dat", "json", "xml", "sql"}  # a table only where the name is a table's
_UNFINISHED = {"part", "partial", "filepart", "tmp", "bak", "old", "crdownload"}
_HARMLESS = {"dvc", "md", "pdf", "doc", "docx", "html", "htm", "log", "yaml", "yml", "sha256", "md5", "crc"}
# fmt: on


def find_table(folder: Path, table: str) -> Path | None:
    """The file of ``table`` in ``folder``, or its folder of part files, or None.

    Raises:
        TableFault: if there is more than one, or something of that name that cannot be read.
    """
    # asked for exactly: not every file system tells the case
    named = [path for path in entries(folder) if stem_of(path.name) == table]
    order = [*FORMS, None]
    found = sorted(
        (path for path in named if form_of(path.name) or path.is_dir()),
        key=lambda path: order.index(form_of(path.name)),
    )
    if len(found) > 1:
        both = " and ".join(path.name for path in found)
        raise TableFault(table, f"{table}: there are both {both}; keep the one that is right")
    if found and not (found[0].is_file() or found[0].is_dir()):
        raise TableFault(table, f"{found[0].name} is a link that leads nowhere, or no file; put the table itself there")
    return found[0] if found else None


def entries(folder: Path) -> list[Path]:
    """What lies in ``folder``, by name.

    Raises:
        TableFault: if it may not be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise TableFault("", f"the folder {folder} cannot be read: {error.strerror}") from None


def part_files(folder: Path, table: str) -> list[Path]:
    """The part files of a table that is a folder, by name; what begins with a dot or an underscore is none.

    Raises:
        TableFault: if the folder holds anything else, or no part at all, or is still being written.
    """
    inside = entries(folder)
    if any(path.name == "_temporary" for path in inside):
        raise TableFault(table, f"{folder.name} holds _temporary: its parts were not all written; deliver it again")
    inside = [path for path in inside if not path.name.startswith((".", "_"))]
    parts = [path for path in inside if form_of(path.name) and not path.is_dir()]
    if other := len(inside) - len(parts):
        what = "1 entry is no part" if other == 1 else f"{other} entries are no parts"
        raise TableFault(
            table, f"{folder.name}: {what} of the table; keep only files that all end alike, in {ENDS}, no folders"
        )
    if not parts:
        raise TableFault(table, f"{folder.name} is a folder without part files: put files into it that end in {ENDS}")
    forms = {form_of(path.name) for path in parts}
    if len(forms) > 1:
        both = " and in ".join(words for form, words in FORMS.items() if form in forms)
        raise TableFault(table, f"{folder.name} holds parts in {both}; keep the ones that are right")
    return parts


def check_names(folder: Path, contract: Contract, *, beside: Collection[str] = (), only_tables: bool) -> None:
    """Make sure that nothing in ``folder`` passes for a table that nobody reads.

    Args:
        folder: where the tables are.
        contract: says which tables there are, and what else may lie beside them.
        beside: further names that may.
        only_tables: refuse every table that is not declared, and not only what resembles a declared one.

    Raises:
        TableFault: if there is such a thing. It quotes names that resemble a table's: another may be about a person.
    """
    allowed, names = {*beside, *contract.beside}, Names(contract.tables)
    near: list[str] = []
    unknown: Counter[str] = Counter()
    for path in entries(folder):
        if path.name in allowed or path.name.startswith((".", "~$")) or _is_table(path, contract):
            continue
        resembled = _resembled(path, names)
        # beside training data a longer name may be the table's description
        if resembled and (only_tables or resembled[1]):
            table, quotable = resembled
            name = shown(path.name) if quotable else f"a {'folder' if path.is_dir() else 'file'} of a longer name"
            near.append(f"{name} (like {table})")
        elif only_tables and (kind := _kind_of_table(path)):
            unknown[kind] += 1
    if near:
        raise TableFault(
            "",
            f"{folder} holds {listed(near)}, which {'is' if len(near) == 1 else 'are'} not read: a table is named "
            f"exactly as in the contract, with {ENDS} behind it; save it so, or take out what is too much",
        )
    if unknown:
        kinds = listed([f"{count} {kind}" for kind, count in sorted(unknown.items())])
        raise TableFault(
            "",
            f"{folder} holds tables that are not in the contract of {contract.study} ({kinds}): take them out, or "
            "name them there under `tables` or `beside`",
        )


def table_of(name: str, contract: Contract) -> str | None:
    """The table of the contract that a file or a folder of this name holds, if any."""
    stem = stem_of(name)
    return stem if stem in contract.tables else None


def _is_table(path: Path, contract: Contract) -> bool:
    return table_of(path.name, contract) is not None and (form_of(path.name) is not None or path.is_dir())


def _suffixes(path: Path) -> list[str]:
    """The known ends of a name, without their dots: ``DIQ.csv.gz`` has csv and gz."""
    known = _TABLES | _PACKED | _PERHAPS | _UNFINISHED | _HARMLESS
    found: list[str] = []
    for suffix in reversed(path.suffixes):
        if (end := suffix[1:].casefold().rstrip("~")) not in known:
            break
        found.insert(0, end)
    return found


def _resembled(path: Path, names: Names) -> tuple[str, bool] | None:
    """The table that a name resembles, and whether it may be quoted."""
    ends = _suffixes(path)
    if ends and ends[-1] in _HARMLESS:
        return None
    name = path.name.rstrip("~")
    for end in reversed(ends):
        name = name[: -len(end) - 1]
    resembled = names.meant(name)
    of_a_table = _kind_of_table(path) or not _UNFINISHED.isdisjoint(ends)
    # a note about a table is no table; a text file that is named like one may well be
    return resembled if resembled and (of_a_table or resembled[1]) else None


def _kind_of_table(path: Path) -> str | None:
    """What an undeclared table is, without its name."""
    if path.is_dir():
        inside = (inner for inner in entries(path) if not (inner.is_dir() and inner.is_symlink()))
        return "folder of tables" if any(map(_kind_of_table, inside)) else None
    ends = _suffixes(path)
    if not ends or ends[-1] in _HARMLESS:
        return None
    kind = [end for end in ends if end in _TABLES | _PACKED]
    return f".{'.'.join(kind)}" if kind else None
