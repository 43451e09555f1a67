"""A copy of the project in which nights are replayed: it begins with some of the raw people, the others arrive."""

from __future__ import annotations

import copy
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from flows.features.splits import read_split_file
from flows.nightly.sample import raw_table
from flows.project.paths import replace_file, write_text
from flows.project.settings import FILE, ReplaySettings, read_studies
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.fields.person_key import as_declared

CODE = ("flows", "schemas", "mtl_models", "presets", "data/landed/README.md", "dvc.yaml", ".dvcignore", ".dvc/config")
CACHES = ("__pycache__", "*.pyc")


@dataclass(frozen=True)
class RawTable:
    """A raw table as it is, the key of each row as the contract writes it, and the form to write it in."""

    name: str
    frame: pl.DataFrame
    keys: pl.Series
    suffix: str

    def of(self, people: pl.Series, *, others: bool = False) -> pl.DataFrame:
        """The rows of some people, or of all others."""
        inside = self.keys.is_in(people.implode()).fill_null(value=False)
        return self.frame.filter(~inside if others else inside)

    def write(self, folder: Path, rows: pl.DataFrame) -> Path:
        """Write rows into a folder under the table's name."""
        path = folder / f"{self.name}{self.suffix}"
        replace_file(path, partial(rows.write_csv if self.suffix == ".csv" else rows.write_parquet))
        return path


def raw_tables(study: Study) -> Iterator[RawTable]:
    """Every raw table of a study."""
    for name, model in study.contract.tables.items():
        frame, suffix = raw_table(study.paths, name, model)
        view = ModelView.of(model)
        keys = frame.select(pl.col(view.key).cast(pl.String)).select(as_declared(view.key, view.key_pattern))
        yield RawTable(name, frame, keys.to_series(), suffix)


def arrivals(study: Study, replay: ReplaySettings) -> list[pl.Series]:
    """Who comes in which night: people of the split file, drawn by a seed.

    Raises:
        ValueError: if there are not enough of them.
    """
    split = read_split_file(study.paths.raw / study.settings.split.file, study.settings.split)
    people = split[PERSON].sort()
    wanted = replay.nights * replay.people
    if wanted > 0.8 * people.len():
        raise ValueError(
            f"{replay.nights} nights of {replay.people} people are more than four fifths of the {people.len()} people "
            f"of {study.name}: a first model needs the others; take fewer nights or people"
        )
    drawn = people.gather(np.random.default_rng(replay.seed).permutation(people.len())[:wanted])
    return [drawn.slice(start, replay.people) for start in range(0, wanted, replay.people)]


def make_place(study: Study, replay: ReplaySettings, nights: list[pl.Series], folder: Path) -> Study:
    """The study in a copy of the project, with the raw tables of those alone who do not arrive later."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for name in CODE:
        source, target = study.root / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*CACHES))
        elif source.is_file():
            shutil.copyfile(source, target)
    write_text(folder / FILE, yaml.safe_dump({"studies": {study.name: _recipe(study, replay)}}, sort_keys=False))
    if shutil.which("git"):  # else DVC would take the copy for a part of the project's own repository
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True, capture_output=True)
    place = Study(folder, study.name)
    later = pl.concat(nights)
    for table in raw_tables(study):
        table.write(place.paths.raw, table.of(later, others=True))
    _write_split(study, later, place)
    return place


def _recipe(study: Study, replay: ReplaySettings) -> dict[str, Any]:
    """The study's block with the keys of training and evaluation that the replay replaces."""
    block: dict[str, Any] = copy.deepcopy(read_studies(study.root)[study.name])
    block.pop("compare", None)
    for name, keys in replay.recipe.items():
        block[name] = {**(block.get(name) or {}), **keys}
    return block


def _write_split(study: Study, later: pl.Series, place: Study) -> None:
    """The split file without those who arrive later: they are newcomers."""
    settings = study.settings.split
    split = read_split_file(study.paths.raw / settings.file, settings)
    kept = split.filter(~pl.col(PERSON).is_in(later.implode())).rename({PERSON: settings.person})
    replace_file(place.paths.raw / settings.file, kept.write_csv)
