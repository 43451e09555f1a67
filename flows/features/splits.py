"""The split file: who is trained on, who chooses and who measures; what is wrong with it in counts and line numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from flows.features.newcomers import with_newcomers
from flows.project.settings import SplitSettings
from mtl_models.data.dataset import PERSON
from mtl_models.wording import Faults

PARTS = ("train", "valid", "test")
LEAST_FOLDS = len(PARTS)
LINE = "line"


class SplitError(Faults):
    """The split file cannot be used as it is."""


def read_splits(
    raw: Path, settings: SplitSettings, people: pl.DataFrame, newcomers: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The splits of ``people``, in their order.

    Args:
        raw: the folder with the split file.
        settings: the study's.
        people: who they are.
        newcomers: the parts of people who came after the split was made, with the file's columns.

    Raises:
        SplitError: with all that is wrong with the file, or if someone is not in it.
    """
    cells = _read_cells(raw / settings.file, settings)
    faults = cell_faults(cells, settings)
    cells = with_newcomers(cells, newcomers)
    if missing := int((~people[PERSON].is_in(cells[PERSON].drop_nulls().implode())).sum()):
        alike = " (none of them is in it: are identifiers written alike?)" if missing == people.height else ""
        faults.append(f"{missing} of {people.height} people of the cohort have no split{alike}: give each a part")
    _require_none(faults, settings)
    joined = people.select(PERSON).join(cells.drop(LINE), on=PERSON, how="left", maintain_order="left")
    _require_none(list(_empty_parts(cells, joined, settings)), settings)
    return resample_columns(joined, settings.kind)


def _empty_parts(cells: pl.DataFrame, joined: pl.DataFrame, settings: SplitSettings) -> Iterator[str]:
    """Parts and folds of the file in which nobody of the cohort is."""
    for column in joined.drop(PERSON).columns:
        if empty := sorted(set(cells[column]) - set(joined[column])):
            where = "the part" if settings.kind == "fixed" else f"{column}: fold"
            yield f"{where} {' and '.join(empty)} has nobody of the cohort: give it people, or split anew"


def read_split_file(path: Path, settings: SplitSettings) -> pl.DataFrame:
    """The split file as text: the person and the columns that ``kind`` asks for.

    Raises:
        SplitError: with all that is wrong with it. A cell may be a person's, so none is quoted.
    """
    cells = _read_cells(path, settings)
    _require_none(cell_faults(cells, settings), settings)
    return cells.drop(LINE)


def resample_columns(split: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The split file as one column a resample plus ``final``, the resample of the exported model.

    For folds, repeat ``r`` and fold ``k`` give a column ``r<r>f<k>``: fold k is the test part and the next one the
    validation part. ``final`` trains on everybody but the validation part of the first resample.
    """
    if kind == "fixed":
        return split.select(PERSON, pl.col("split").alias("final"), "split")
    columns = []
    for repeat in [column for column in split.columns if column != PERSON]:
        number, folds = repeat.removeprefix("repeat"), split[repeat].cast(pl.Int64)
        n_folds = int(folds.n_unique())
        for fold in range(n_folds):
            part = (
                pl.when(folds == fold)
                .then(pl.lit("test"))
                .when(folds == (fold + 1) % n_folds)
                .then(pl.lit("valid"))
                .otherwise(pl.lit("train"))
            )
            columns.append(part.alias(f"r{number}f{fold}"))
    resamples = split.select(PERSON, *columns)
    first = resamples.columns[1]
    final = pl.when(pl.col(first) == "valid").then(pl.lit("valid")).otherwise(pl.lit("train")).alias("final")
    return resamples.select(PERSON, final, *resamples.columns[1:])


def header_of(path: Path, settings: SplitSettings) -> list[str]:
    """The header of a split file.

    Raises:
        SplitError: with all that is wrong with it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = [cell.strip() for cell in next(csv.reader(file, strict=True), [])]
    except FileNotFoundError:
        raise SplitError(_not_there(path, settings.file)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SplitError(_no_csv(settings.file, error)) from None
    _require_none(list(_header_faults(header, settings)), settings)
    return header


def _not_there(path: Path, name: str) -> str:
    others = [each.name for each in path.parent.glob("*.csv")]
    found = get_close_matches(path.name, others, n=1)
    near = f"; the nearest is {str(Path(name).with_name(found[0]))!r}" if found else ""
    return f"{name} is not there: put the split file at {path}, or mend split.file{near}"


def _no_csv(name: str, error: Exception) -> str:
    return f"{name} is no CSV file in UTF-8 ({type(error).__name__}): write it as one"


def _read_cells(path: Path, settings: SplitSettings) -> pl.DataFrame:
    """Text of the columns that are needed, empty cells null, with the line that a row ends on."""
    name = settings.file
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            rows = [(reader.line_num, row) for row in reader if row]
    except FileNotFoundError:
        raise SplitError(_not_there(path, name)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SplitError(_no_csv(name, error)) from None
    faults = list(_header_faults(header, settings))
    if uneven := [line for line, row in rows if len(row) != len(header)]:
        faults.append(f"{_rows(uneven)} as many fields as the header, {len(header)}")
    if not rows:
        faults.append("it has no row below the header")
    _require_none(faults, settings)
    wanted = [settings.person, *_part_columns(header, settings)]
    places = {column: header.index(column) for column in wanted}
    columns = {column: [row[place].strip() or None for _, row in rows] for column, place in places.items()}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(wanted, pl.String)).rename({settings.person: PERSON})
    return frame.with_columns(pl.Series(LINE, [line for line, _ in rows], pl.Int64))


def _require_none(faults: Collection[str], settings: SplitSettings) -> None:
    if faults:
        raise SplitError(*(f"{settings.file}: {fault}" for fault in faults))


def _part_columns(header: Collection[str], settings: SplitSettings) -> list[str]:
    if settings.kind == "fixed":
        return ["split"]
    return [column for column in header if re.fullmatch(r"repeat\d+", column)]


def _header_faults(header: list[str], settings: SplitSettings) -> Iterator[str]:
    # the header's own cells are not quoted: where the header is missing they are a person's
    if settings.person not in header:
        same = [cell for cell in header if cell.lower() == settings.person.lower()]
        near = f"; the nearest is {same[0]!r}" if same else ""
        yield f"the header has no column {settings.person}, which split.person names{near}"
    if settings.kind == "fixed" and "split" not in header:
        yield "the header has no column `split`, which a split of kind fixed has"
    if settings.kind == "folds":
        others = [column for column in header if column != settings.person]
        if strange := len(others) - len(_part_columns(header, settings)):
            yield f"{strange} columns are called otherwise than repeat0, repeat1 and so on, as folds are"
        if not others:
            yield "the header has no column repeat0, which a split of kind folds has"
    if len(set(header)) < len(header):
        yield "the header names a column twice"


def cell_faults(cells: pl.DataFrame, settings: SplitSettings, *, whole: bool = True) -> list[str]:
    """What is wrong with rows of a split file; of some of its rows (not ``whole``) a part may have nobody."""
    parts = _fold_faults(cells) if settings.kind == "folds" else _fixed_faults(cells, whole=whole)
    return _person_faults(cells[PERSON], cells[LINE]) + parts


def _person_faults(persons: pl.Series, lines: pl.Series) -> list[str]:
    faults = []
    if persons.null_count():
        faults.append(f"{_rows(lines.filter(persons.is_null()).to_list())} a person")
    again = persons.is_not_null() & ~persons.is_first_distinct()
    if again.any():
        n_twice = persons.filter(again).n_unique()
        who = "a person stands" if n_twice == 1 else f"{n_twice} people stand"
        faults.append(f"{who} there twice, again first in line {lines.filter(again)[0]}")
    return faults


def _fixed_faults(cells: pl.DataFrame, *, whole: bool) -> list[str]:
    parts, lines = cells["split"], cells[LINE]
    faults = []
    if (wrong := ~parts.is_in(PARTS).fill_null(False)).any():
        faults.append(f"{_rows(lines.filter(wrong).to_list())} one of the parts {', '.join(PARTS)}")
    if whole and (empty := [part for part in PARTS if not (parts == part).any()]):
        faults.append(f"nobody is in the part {' or '.join(empty)}")
    return faults


def _fold_faults(cells: pl.DataFrame) -> list[str]:
    faults = []
    for repeat in cells.drop(PERSON, LINE).columns:
        numbers = cells[repeat].str.extract(r"^(\d{1,6})$").cast(pl.Int64)
        if numbers.null_count():
            faults.append(f"{repeat}: {_rows(cells[LINE].filter(numbers.is_null()).to_list())} a whole number from 0")
            continue
        n_folds, largest = int(numbers.n_unique()), int(numbers.max() or 0)  # type: ignore[arg-type]
        if largest != n_folds - 1:
            faults.append(f"{repeat}: its {n_folds} folds must be numbered from 0 to {n_folds - 1} without a gap")
        elif n_folds < LEAST_FOLDS:
            faults.append(f"{repeat}: it has {n_folds} folds; train, valid and test need {LEAST_FOLDS}")
    return faults


def _rows(lines: list[int]) -> str:
    """How many rows lack something, as the start of a sentence, and where the first one is."""
    if len(lines) == 1:
        return f"line {lines[0]} does not hold"
    return f"{len(lines)} rows, first line {lines[0]}, do not hold"
