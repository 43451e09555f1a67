"""A sample drop of raw data that lie in part files, under keys that a tool stored as numbers."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyreadstat

from flows.nightly.sample import write_sample_drop
from flows.study.study import Study


def test_a_sample_drop_of_parts_is_that_of_the_file(root: Path, tmp_path: Path) -> None:
    sample = Study(root, "heart")
    source = sample.paths.raw
    studies = [Study(tmp_path / name, "heart", given=sample.settings) for name in ("whole", "parted")]
    whole, parted = (study.paths for study in studies)
    whole.raw.parent.mkdir(parents=True)
    whole.raw.symlink_to(source)
    (parted.raw / "cleveland").mkdir(parents=True)
    (parted.raw / "splits").symlink_to(source / "splits")
    frame = pl.read_csv(source / "cleveland.csv", infer_schema=False).with_columns(pl.col("id") + ".0")
    for number, part in enumerate(frame.iter_slices(100)):
        part.write_csv(parted.raw / "cleveland" / f"part-{number}.csv")
    (drop, n_people), (same, n_same) = (write_sample_drop(study, "2026-11-20") for study in studies)
    assert n_people == n_same > 50
    expected = pl.read_csv(drop / "cleveland.csv", infer_schema=False).with_columns(pl.col("id") + ".0")
    assert pl.read_csv(same / "cleveland.csv", infer_schema=False).equals(expected)
    assert expected.height == n_people


def test_a_sample_drop_of_a_statistics_file_is_that_of_the_csv(root: Path, tmp_path: Path) -> None:
    sample = Study(root, "heart")
    source = sample.paths.raw
    studies = [Study(tmp_path / name, "heart", given=sample.settings) for name in ("text", "package")]
    text, package = (study.paths for study in studies)
    text.raw.parent.mkdir(parents=True)
    text.raw.symlink_to(source)
    package.raw.mkdir(parents=True)
    (package.raw / "splits").symlink_to(source / "splits")
    pyreadstat.write_sav(pl.read_csv(source / "cleveland.csv").to_pandas(), package.raw / "cleveland.sav")
    (drop, n_people), (same, n_same) = (write_sample_drop(study, "2026-11-20") for study in studies)
    assert n_people == n_same > 50
    # 2.0 of the file is 2 here
    files = [pl.read_csv(each / "cleveland.csv", infer_schema=False).cast(pl.Float64) for each in (drop, same)]
    assert files[1].select(files[0].columns).equals(files[0])
