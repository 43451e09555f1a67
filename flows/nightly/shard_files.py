"""What is done to the shards of a drop, and what came of each: it lies in files, and travels by their names."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from flows.nightly.absence import Absence
from flows.nightly.landing.before import who_came_before
from flows.nightly.watch.counting import Counted, Reference
from flows.project.settings import StudySettings
from flows.project.storage import near
from flows.stages.splitting import content, rejects_in_order
from flows.stores.registry import Champion
from flows.study.study import Study
from mtl_models.serving.scorer import Scorer
from schemas.sharding.merge import Labels
from schemas.sharding.plan import Plan
from schemas.splitting.study import Facts
from schemas.splitting.table import Known

PLAN, SHARDS, DISORDERED, ABSENCE, REFERENCE = "plan", "shards", "disordered", "absence", "reference"
SCORES, EXCLUDED, REJECTED, COUNTS = "scores.parquet", "excluded.parquet", "rejects.parquet", "counts"
LANDED = "landed-{}.parquet"


@dataclass(frozen=True)
class Work:
    """What is done to every shard; it travels to other processes.

    Attributes:
        root, name, settings: the study's.
        champion: the model that scores; None where rows are only validated.
        staging: the run's scratch folder.
        date, run_id, started_at: the run's, as every score row has them.
        lands: whether the rows are kept to land.
    """

    root: Path
    name: str
    settings: StudySettings
    champion: Champion | None
    staging: Path
    date: str
    run_id: str
    started_at: datetime
    lands: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """What travels: not what was looked up here, such as the scorer."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    def study(self) -> Study:
        """The study."""
        return Study(self.root, self.name, given=self.settings)

    @cached_property
    def scorer(self) -> Scorer:
        """The champion, ready to score."""
        assert self.champion is not None
        with near(self.champion.path) as file:
            return Scorer(file, sha256=self.champion.version)

    @cached_property
    def plan(self) -> Plan:
        """Where the rows of each shard lie."""
        plan: Plan = pickle.loads((self.staging / PLAN).read_bytes())
        return plan

    @cached_property
    def before(self) -> Known | None:
        """What tells who came before; None where nobody is scored."""
        return who_came_before(self.study, self.date, self.staging)

    @cached_property
    def absence(self) -> Absence:
        """What the night lacks, as :func:`note_absence` has kept it."""
        absence: Absence = pickle.loads((self.staging / ABSENCE).read_bytes())
        return absence

    @cached_property
    def reference(self) -> Reference | None:
        """What the night is compared with, as :func:`note_reference` has kept it."""
        reference: Reference | None = pickle.loads((self.staging / REFERENCE).read_bytes())
        return reference

    def folder(self, shard: int) -> Path:
        """Where a shard's files are."""
        return self.staging / SHARDS / str(shard)


@dataclass(frozen=True)
class Counts:
    """What came of a shard. It holds no row and no value.

    Attributes:
        summary, labels: of its validation.
        facts: what it says of the tables as a whole.
        n_cohort, n_excluded, n_scored: people.
        n_features: features of each.
        error: why its people could not be scored.
        watched: its people by the bins of the champion's reference, where it has one.
    """

    summary: dict[str, Any] = field(repr=False)
    labels: Labels = field(repr=False)
    facts: Facts
    n_cohort: int = 0
    n_excluded: int = 0
    n_scored: int = 0
    n_features: int = 0
    error: Exception | None = None
    watched: Counted | None = field(default=None, repr=False)


def counts_of(work: Work) -> list[Counts]:
    """What came of every shard, in their order."""
    return [pickle.loads((work.folder(shard) / COUNTS).read_bytes()) for shard in range(work.plan.n_shards)]


def scores_of(work: Work) -> Iterator[pl.DataFrame]:
    """The score rows of every shard, in the order of the persons' keys."""
    for shard in range(work.plan.n_shards):
        yield pl.read_parquet(content(work.folder(shard) / SCORES))


def landed_files(work: Work) -> list[tuple[str, Path]]:
    """The files of the rows to land by table, in the order of the persons' keys."""
    shards = range(work.plan.n_shards)
    files = [(name, work.folder(n) / LANDED.format(name)) for name in work.study.contract.tables for n in shards]
    return [(name, file) for name, file in files if file.is_file()]


def excluded_of(work: Work) -> Iterator[pl.DataFrame]:
    """The people outside the cohort, shard by shard."""
    for shard in range(work.plan.n_shards):
        yield pl.read_parquet(content(work.folder(shard) / EXCLUDED))


def rejects_of(work: Work, most: int | None = None) -> Iterator[pl.DataFrame]:
    """The rejected rows in their order, see :func:`flows.stages.splitting.rejects_in_order`; ``most`` of each table."""
    files = [work.folder(shard) / REJECTED for shard in range(work.plan.n_shards)]
    yield from rejects_in_order(files, list(work.study.contract.tables), most)
