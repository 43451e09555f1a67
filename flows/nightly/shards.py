"""A drop shard by shard of people: a shard's rows are split, and its people scored; what comes of it lies in files."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.cohort import cohort_of
from flows.fitting.machines import run_jobs
from flows.nightly.absence import Absence, needed_tables
from flows.nightly.landing.before import keep_raw_keys, who_came_before
from flows.nightly.spreading import spread_over
from flows.project.machines import SERIAL, MachineSettings
from flows.project.settings import ShardSettings, StudySettings
from flows.project.storage import make_folder, near, reaching, remove_folder, write_whole
from flows.stores.registry import Champion
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.serving.scorer import Scorer
from schemas.faults import TableFault
from schemas.reading.places import is_far, scan
from schemas.sharding.merge import Labels, labels_of
from schemas.sharding.plan import OutOfOrderError, Plan, make_plan
from schemas.splitting.results import REJECTS, StudyResult
from schemas.splitting.study import Facts
from schemas.splitting.table import Known

PLAN, SHARDS, DISORDERED, ABSENCE = "plan", "shards", "disordered", "absence"
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
    """

    summary: dict[str, Any] = field(repr=False)
    labels: Labels = field(repr=False)
    facts: Facts
    n_cohort: int = 0
    n_excluded: int = 0
    n_scored: int = 0
    n_features: int = 0
    error: Exception | None = None


def plan_drop(
    study: Study,
    drop: Path,
    staging: Path,
    disordered: Sequence[str],
    shards: ShardSettings,
    *,
    scoring: bool = True,
    without_persons: bool = False,
    machines: MachineSettings = SERIAL,
) -> Plan:
    """Look at a drop and keep in ``staging`` how it is read by shards; tables in no order are parted there.

    Outcomes may be missing from it, and every table that the study can do without, unless it is not there for
    ``scoring``. With ``without_persons`` nobody is scored: every table may be missing.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    remove_folder(staging)
    make_folder(staging / SHARDS)
    settings = study.settings
    needed = frozenset[str]() if without_persons else needed_tables(study)
    plan = make_plan(
        drop,
        study.contract,
        staging / "parted",
        optional_columns=study.hidden if scoring else (),
        scoring=scoring,
        absent_tables=set(study.contract.tables) - needed if scoring else (),
        beside=settings.split.beside_tables,
        people=shards.people,
        small=shards.at_once_mb * 1_000_000,
        disordered=disordered,
        spread=spread_over(study, machines),
    )
    if gone := [name for name in plan.absent if name in needed]:
        raise TableFault(gone[0], f"the table {gone[0]} is missing, and who is in the cohort is told by it: deliver it")
    if scoring:
        keep_raw_keys(study, staging)
    write_whole(staging / PLAN, lambda path: Path(path).write_bytes(pickle.dumps(plan)))
    return plan


def note_absence(staging: Path, absence: Absence) -> None:
    """Keep in ``staging`` what the night lacks, for those who work on its shards."""
    write_whole(staging / ABSENCE, lambda path: Path(path).write_bytes(pickle.dumps(absence)))


def work_through(work: Work, n_shards: int, machines: MachineSettings) -> str | None:
    """Work on all shards, one shard here; give the table that has to be parted first, if there is one."""
    machines = machines if n_shards > 1 else SERIAL
    found = list(run_jobs(work_on, range(n_shards), work, title="shards", machines=machines))
    return next((table for table in found if table), None)


def work_on(shard: int, work: Work) -> str | None:
    """Split a shard's rows, build the features of its people and score them; what comes of it lies in its folder.

    Returns:
        The table that has to be parted first, if a row of it lies in a shard that is not its own; no other shard is
        worked on then.
    """
    disordered = work.staging / DISORDERED
    with reaching(work.staging):
        if disordered.exists():
            return disordered.read_text()
    folder = work.folder(shard)
    make_folder(folder)
    keep = partial(_keep, folder) if work.lands else None
    try:
        split = work.plan.split(shard, work.study.contract, before=work.before, keep=keep)
    except OutOfOrderError as error:
        table = error.table
        write_whole(disordered, lambda path: path.write_text(table))
        return table
    result = StudyResult(study=work.name, tables=split.tables)
    counts: dict[str, Any] = {}
    if len(split.tables) == len(work.study.contract.tables):
        write_whole(folder / REJECTED, result.rejects.write_parquet)
        try:
            counts = _score(work, work.champion, result, folder) if work.champion else {}
        except Exception as error:  # the limits on losses have the first word, and only all shards together tell
            counts = {"error": error if _travels(error) else RuntimeError(type(error).__name__)}
        summary = result.summary()
    else:
        summary = {}
    found = Counts(summary=summary, labels=labels_of(result), facts=split.facts, **counts)
    write_whole(folder / COUNTS, lambda path: Path(path).write_bytes(pickle.dumps(found)))
    return None


def _keep(folder: Path, rows: pl.DataFrame) -> None:
    """Write rows of a table that are to land."""
    if rows.height:
        rows = rows.sort(PERSON)
        write_whole(folder / LANDED.format(rows["table"][0]), rows.write_parquet)


def _travels(error: Exception) -> bool:
    """Whether an error comes out of a file as it was put in."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


def _score(work: Work, champion: Champion, result: StudyResult, folder: Path) -> dict[str, int]:
    settings = work.settings
    tables = {name: table.valid for name, table in result.tables.items()}
    cohort = cohort_of(work.name, tables, settings.task_records, settings.known_later, may_be_empty=True)
    features, excluded = cohort.features, cohort.excluded
    scores = work.absence.empty(work.scorer.score(features), work.scorer.tasks)
    scores = scores.select(
        PERSON,
        pl.lit(date.fromisoformat(work.date)).alias("score_date"),
        *(column for column in scores.columns if column != PERSON),
        pl.lit(champion.version).alias("model_version"),
        pl.lit(work.run_id).alias("run_id"),
        pl.lit(work.started_at).cast(pl.Datetime("us", "UTC")).alias("scored_at"),
        pl.lit(work.absence.text, pl.String).alias("withheld"),
    )
    write_whole(folder / SCORES, scores.write_parquet)
    write_whole(folder / EXCLUDED, excluded.write_parquet)
    return {
        "n_cohort": features.height,
        "n_excluded": excluded.height,
        "n_scored": scores.height,
        "n_features": features.width - 1,
    }


def counts_of(work: Work) -> list[Counts]:
    """What came of every shard, in their order."""
    return [pickle.loads((work.folder(shard) / COUNTS).read_bytes()) for shard in range(work.plan.n_shards)]


def _content(file: Path) -> Path | BytesIO:
    """A shard's file as Polars may read it while Delta's library writes: one of its own on a storage would panic."""
    return BytesIO(file.read_bytes()) if is_far(file) else file


def scores_of(work: Work) -> Iterator[pl.DataFrame]:
    """The score rows of every shard, in the order of the persons' keys."""
    for shard in range(work.plan.n_shards):
        yield pl.read_parquet(_content(work.folder(shard) / SCORES))


def landed_of(work: Work) -> Iterator[pl.DataFrame]:
    """The rows to land by table, in the order of the persons' keys."""
    for name in work.study.contract.tables:
        for shard in range(work.plan.n_shards):
            file = work.folder(shard) / LANDED.format(name)
            if file.is_file():
                yield pl.read_parquet(_content(file))


def count_landed(work: Work) -> dict[str, int]:
    """The rows to land, by table."""
    counts: dict[str, int] = {}
    for name in work.study.contract.tables:
        files = (work.folder(shard) / LANDED.format(name) for shard in range(work.plan.n_shards))
        counts[name] = sum(scan(file).select(pl.len()).collect().item() for file in files if file.is_file())
    return counts


def excluded_of(work: Work) -> Iterator[pl.DataFrame]:
    """The people outside the cohort, shard by shard."""
    for shard in range(work.plan.n_shards):
        yield pl.read_parquet(_content(work.folder(shard) / EXCLUDED))


def rejects_of(work: Work, most: int | None = None) -> Iterator[pl.DataFrame]:
    """The rejected rows by table, those of no known person first, the others in the order of the persons' keys.

    So they lie in one order however many shards there are.

    Args:
        work: what was done.
        most: so many rows of a table, its first ones; all if left out.
    """
    files = [work.folder(shard) / REJECTED for shard in range(work.plan.n_shards)]
    held = [file for file in files if pl.scan_parquet(_content(file)).select(pl.len()).collect().item()]
    for name in work.study.contract.tables:
        nobody = pl.DataFrame(schema=REJECTS)
        for file in held:
            nobody = pl.concat([nobody, _rows_of(file, name, of_persons=False)]).sort("file", "line").slice(0, most)
        yield nobody
        left = None if most is None else most - nobody.height
        for file in held:
            rows = _rows_of(file, name, of_persons=True).sort(PERSON, "file", "line").slice(0, left)
            left = None if left is None else left - rows.height
            yield rows


def _rows_of(file: Path, table: str, *, of_persons: bool) -> pl.DataFrame:
    known = pl.col(PERSON).is_not_null() if of_persons else pl.col(PERSON).is_null()
    return pl.scan_parquet(_content(file)).filter(pl.col("table") == table, known).collect()
