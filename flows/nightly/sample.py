"""A drop made of a study's own test people, their outcomes removed: the sample that a first night scores."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandera.polars as pa
import polars as pl

from flows.features.splits import read_split_file, resample_columns
from flows.features.view import forbidden_patterns, hidden_patterns, is_hidden
from flows.project.paths import StudyPaths
from flows.project.settings import StudySettings
from flows.stores.inbox import Inbox
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.fields.person_key import as_declared
from schemas.reading.folder import find_table, part_files
from schemas.reading.forms import PACKAGES, form_of
from schemas.reading.places import is_far
from schemas.reading.source import read_table


def write_sample_drop(study: Study, date: str, *, with_outcomes: bool = False) -> tuple[Path, int]:
    """Write the raw rows of the test people under the inbox, in the format that they came in.

    Args:
        with_outcomes: keep what outcomes are made of, but not what is known only after the prediction moment: where a
            study's model has a view a task, each task reads what the others are made of, and never its own.

    Returns:
        The drop's folder and the number of people in it.

    Raises:
        FileExistsError: if the date has a drop that was not written here.
    """
    paths, settings, contract = study.paths, study.settings, study.contract
    inbox = Inbox(study.inbox)
    inbox.require_replaceable(date)
    tasks = settings.task_records
    hidden = (forbidden_patterns if with_outcomes else hidden_patterns)(tasks, settings.known_later)
    people = _test_people(paths, settings)
    partial = (paths.inbox if is_far(study.inbox) else study.inbox) / f".{date}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for table, model in contract.tables.items():
        frame, suffix = raw_table(paths, table, model)
        key = contract.person_key
        kept = [column for column in frame.columns if column == key or not is_hidden(table, column, hidden)]
        if kept == [key]:
            continue
        pattern = ModelView.of(model).key_pattern
        inside = frame.select(pl.col(key).cast(pl.String)).select(as_declared(key, pattern)).to_series()
        frame = frame.filter(inside.is_in(people.implode())).select(kept)
        (frame.write_csv if suffix == ".csv" else frame.write_parquet)(partial / f"{table}{suffix}")
    return inbox.replace(date, partial), len(people)


def raw_table(paths: StudyPaths, table: str, model: type[pa.DataFrameModel]) -> tuple[pl.DataFrame, str]:
    """A raw table as it is, from its file or its part files, and the suffix of the form to write it in."""
    source = find_table(paths.raw, table)
    if source is None:
        raise FileNotFoundError(f"{paths.raw} has no table {table}: restore it with `dvc pull`, or put it there")
    files = part_files(source, table) if source.is_dir() else [source]
    suffix = files[0].suffix
    if form_of(files[0].name) in PACKAGES:  # text says the same, and codes stand there as the contract knows them
        return read_table(source, model, table=table).as_text, ".csv"
    frame = pl.concat(
        pl.read_csv(file, infer_schema=False) if suffix == ".csv" else pl.read_parquet(file) for file in files
    )
    return frame.rename(str.strip), suffix


def _test_people(paths: StudyPaths, settings: StudySettings) -> pl.Series:
    """Test people of a fixed split; with folds, those of the first resample."""
    path = paths.raw / settings.split.file
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: run `dvc pull` to restore the sample data")
    split = read_split_file(path, settings.split)
    resamples = resample_columns(split, settings.split.kind)
    return resamples.filter(pl.col(resamples.columns[2]) == "test")[PERSON]
