"""One night's scoring in three steps that pass paths and counts: look at the drop, work through its shards, publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flows.features.cohort import nobody
from flows.features.guard import FeatureError
from flows.nightly import shard_files, shards
from flows.nightly.absence import absence_of, costs_of, require_sound
from flows.nightly.landing.land import land
from flows.nightly.ledger import ledger_row
from flows.nightly.publishing import check_scores, reject_frames
from flows.nightly.run import Run
from flows.nightly.score_contract import scores_contract
from flows.nightly.shard_files import Counts, Work
from flows.nightly.watch.counting import Counted
from flows.nightly.watch.reference import kept_reference
from flows.project.machines import SERIAL, MachineSettings
from flows.project.settings import ShardSettings
from flows.project.storage import send
from flows.stages.validate import Judgement, judge
from flows.stores.dated import commit
from schemas.published import Rejects, check_published
from schemas.reading.places import is_far
from schemas.sharding.merge import merged
from schemas.splitting.study import require_sound as require_sound_tables

ONE = ShardSettings()


def work_of(run: Run) -> Work:
    """What a run does to every shard of its drop."""
    study, champion = run.study, run.champion
    if is_far(run.staging):
        champion = replace(champion, path=run.staging / champion.path.name)
    return Work(
        study.root,
        study.name,
        study.settings,
        champion,
        run.staging,
        run.date,
        run.run_id,
        run.started_at,
        lands=study.settings.landing,
    )


def look_at_drop(
    run: Run, disordered: Sequence[str] = (), parting: ShardSettings = ONE, machines: MachineSettings = SERIAL
) -> int:
    """Find out how the drop is read by shards of people and which tasks it can be scored for; give the shards' number.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used, or one did not arrive that the study needs.
    """
    plan = shards.plan_drop(run.study, run.drop, run.staging, disordered, parting, machines=machines)
    absence = absence_of(
        plan.absent,
        run.scorer.spec,
        run.scorer.tasks,
        optional=run.study.contract.optional,
        costs=costs_of(run.study.registry.evaluation(run.champion.version)),
        settings=run.study.settings.absence,
    )
    require_sound(absence, run.scorer.tasks)
    shards.note_absence(run.staging, absence)
    shards.note_reference(run.staging, kept_reference(run.study.registry, run.champion.version))
    if is_far(run.staging):  # then workers elsewhere need no folder of this machine
        send(run.champion.path, run.staging / run.champion.path.name)
    return plan.n_shards


def work_through(run: Run, n_shards: int, machines: MachineSettings = SERIAL) -> str | None:
    """Work on all shards, and give the table that has to be parted first, if there is one.

    A drop of one shard is worked on here: nothing is won elsewhere.
    """
    return shards.work_through(work_of(run), n_shards, machines)


def work_through_all(run: Run, parting: ShardSettings = ONE, machines: MachineSettings = SERIAL) -> None:
    """Look at the drop and work on all of its shards; a table that is in no order is parted first.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    disordered: list[str] = []
    while table := work_through(run, look_at_drop(run, disordered, parting, machines), machines):
        disordered.append(table)


class Gathered:
    """What came of all shards of a run's drop.

    Attributes:
        summary: of the validation of all rows.
        counts: of each shard.
    """

    def __init__(self, run: Run) -> None:
        """Add the shards up.

        Raises:
            schemas.faults.TableFault: if a table as a whole cannot be used.
        """
        self._run, self.work = run, work_of(run)
        contract = run.study.contract
        self.counts: list[Counts] = shard_files.counts_of(self.work)
        require_sound_tables(self.work.plan.facts([each.facts for each in self.counts], contract), contract)
        self.summary: dict[str, Any] = merged(contract, [(each.summary, each.labels) for each in self.counts])

    def judgement(self) -> Judgement:
        """The drop's losses against the limits, compared with the data that the champion was trained on."""
        run = self._run
        reference = run.study.registry.profile(run.champion.version)
        return judge(run.study, self.summary, reference=reference, scoring=True)

    def require_scored(self) -> None:
        """Make sure that every shard's people were scored, and that there were any.

        Raises:
            FeatureError: if no shard has anybody in the cohort.
            Exception: what the first shard that could not be scored raised.
        """
        if error := next((each.error for each in self.counts if each.error is not None), None):
            raise error
        if not self.total("n_cohort"):
            raise FeatureError(nobody(self._run.study.name))

    def total(self, name: str) -> int:
        """A count of people, over all shards."""
        return sum(getattr(each, name) for each in self.counts)

    def shown(self) -> dict[str, int]:
        """Counts for a flow's artifact."""
        people = {name: self.total(name) for name in ("n_cohort", "n_excluded", "n_scored")}
        return {"n_shards": len(self.counts), **people, "n_features": max(each.n_features for each in self.counts)}


def counts_of_people(run: Run) -> Counted | None:
    """All people of a run by the bins of the champion's reference; nothing where it has none."""
    parts = [each.watched for each in shard_files.counts_of(work_of(run))]
    known = [part for part in parts if part is not None]
    return Counted.total(known) if known else None


def publish(run: Run) -> dict[str, Any]:
    """Check that everybody is accounted for, then replace the date in rejects, scores, landed rows and ledger.

    Everything is checked before anything is replaced. The ledger comes last, and names the versions of the others that
    hold the run's rows: whoever follows it (see :mod:`flows.stores.dated`) reads one run's rows whatever happens here.
    A run that has no row there did not finish and is done again.

    Raises:
        RuntimeError: if people do not add up; nothing is published then.
        PublishError: if scores or rejects break their contract; nothing is published then.
        OvertakenError: if a run on another machine has replaced the date in the meantime; the ledger is as it was.
    """
    gathered = Gathered(run)
    gathered.require_scored()
    judgement, absence = gathered.judgement(), gathered.work.absence
    scores = partial(shard_files.scores_of, gathered.work)
    rejects = partial(reject_frames, run, gathered.work, batch=run.date, excluded=True)
    row = ledger_row(
        run.study,
        gathered.summary,
        started_at=run.started_at,
        n_excluded=gathered.total("n_excluded"),
        data_hashes=run.data_hashes,
        details={
            "columns_compared_with": judgement.basis,
            "validation": gathered.summary,
            "n_rejects": sum(frame.height for frame in rejects()),
        },
        run_id=run.run_id,
        flow="score",
        batch=run.date,
        model_version=run.champion.version,
        n_scored=gathered.total("n_scored"),
        promoted=None,
        floods=judgement.text,
        withheld=absence.lines,
    )
    if row["n_people"] != row["n_scored"] + row["n_rejected"] + row["n_excluded"]:
        counts = {name: count for name, count in row.items() if name.startswith("n_")}
        raise RuntimeError(f"people do not add up, nothing was published: {counts}")
    check_scores(scores(), scores_contract(run.scorer.tasks, withheld=tuple(absence.withheld)))
    for frame in rejects():
        check_published(frame, Rejects)
    lands = partial(land, gathered.work, gathered.summary) if run.study.settings.landing else None
    in_order = run.keys.in_order(scores(), row["n_scored"], run.staging / "in order")
    return commit(run.study.tables, row, scores=in_order, rejects=rejects(), land=lands)
