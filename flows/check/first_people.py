"""The people that a check looks at: all, or those of the first shard where training is on a stream."""

from __future__ import annotations

import os
from dataclasses import dataclass

from flows.stages.validate import split_tables
from flows.stores.staging import staging
from flows.study.study import Study
from schemas.sharding.landed import taking_in
from schemas.sharding.plan import OutOfOrderError, make_plan
from schemas.splitting.results import StudyResult
from schemas.splitting.study import require_sound


@dataclass(frozen=True)
class FirstPeople:
    """Raw tables by their contract.

    Attributes:
        result: the tables, or the rows in them of the people that are looked at.
        end: the key of the first person who is not; None where all people are.
        n_shards: shards of all people.
    """

    result: StudyResult
    end: str | None = None
    n_shards: int = 1


def first_people(study: Study) -> FirstPeople:
    """The raw tables of a study with what landed, in memory; of a study on a stream the first shard of its people.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    paths, settings = study.paths, study.settings
    if settings.training.stream is None:
        return FirstPeople(split_tables(study, paths.raw, landed=paths.landed))
    disordered: list[str] = []
    with staging(paths.staging / f"check-{os.getpid()}") as scratch:
        while True:
            plan = make_plan(
                paths.raw,
                study.contract,
                scratch / f"parted-{len(disordered)}",
                beside=settings.split.beside_tables,
                people=settings.shards.people,
                small=settings.shards.at_once_mb * 1_000_000,
                disordered=disordered,
            )
            try:
                split = taking_in(plan, paths.landed).split(0, study.contract)
            except OutOfOrderError as error:
                disordered.append(error.table)
                continue
            break
    require_sound([split.facts], study.contract)
    end = plan.bounds[0] if plan.bounds else None
    return FirstPeople(StudyResult(study=study.name, tables=split.tables), end, plan.n_shards)
