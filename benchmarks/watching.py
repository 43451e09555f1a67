"""What it costs to watch a night: its people counted by the bins of a reference, past scores read for outcomes.

``python -m benchmarks.watching 1000000``: people drawn from the features of NHANES, shards of 100,000, one process.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np
import polars as pl

from benchmarks.measuring import require, study_inputs
from flows.nightly.watch.counting import Counted, Reference
from flows.nightly.watch.outcomes import months_of
from flows.nightly.watch.reference import write_reference
from flows.project.paths import project_root
from flows.study.study import Study
from mtl_models.data.dataset import PERSON

STUDY, SHARD, DATE = "nhanes", 100_000, "2026-11-20"


def main() -> None:
    """Print seconds of processor time and the highest memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int, nargs="?", default=1_000_000)
    people = parser.parse_args().people
    paths, settings = study_inputs(STUDY)
    require([paths.models / "predictions.parquet"], "dvc pull data/raw/nhanes.dvc && dvc repro evaluate@nhanes")
    study = Study(paths.root, STUDY, given=settings)
    with tempfile.TemporaryDirectory() as folder:
        reference = Reference.from_json(write_reference(study, Path(folder)).read_text())
        features = pl.read_parquet(paths.features / "features.parquet")
        spent, parts = 0.0, []
        for features_of_shard, scores in _shards(features, reference, people):
            start = time.process_time()
            parts.append(Counted.of(reference, features_of_shard, scores))
            spent += time.process_time() - start
        print(f"counting {people:,} people, {len(reference.inputs)} features: {spent:.1f} s")
        shutil.copyfile(project_root() / "params.yaml", Path(folder) / "params.yaml")
        there = Study(Path(folder), STUDY, given=settings)
        there.tables.scores.replace(DATE, _published(features, reference, people))
        tasks = [task for task in settings.task_records if task.role == "main"]
        nights = pl.DataFrame({"batch": [DATE], "n_scored": [people]})
        start = time.process_time()
        (month,) = months_of(there, nights, tasks, settings.watch.people, settings.watch.months)
        print(f"{month.said.height:,} of them found in the table: {time.process_time() - start:.1f} s")
    print(f"at most {getrusage(RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def _shards(features: pl.DataFrame, reference: Reference, people: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    generator = np.random.default_rng(0)
    for start in range(0, people, SHARD):
        n = min(SHARD, people - start)
        keys = pl.Series(PERSON, range(start, start + n)).cast(pl.String).str.zfill(9)
        drawn = features[generator.integers(0, features.height, n)].with_columns(keys)
        said = {name: generator.normal(size=n) for name in reference.scores}
        yield drawn, pl.DataFrame({PERSON: keys, **said})


def _published(features: pl.DataFrame, reference: Reference, people: int) -> Iterator[pl.DataFrame]:
    for _, scores in _shards(features, reference, people):
        yield scores.with_columns(
            pl.lit(DATE).str.to_date().alias("score_date"), pl.lit("0" * 64).alias("model_version")
        )


if __name__ == "__main__":
    main()
