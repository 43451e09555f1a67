"""People who were scored recently and of whom an outcome has come since, with what the champion says of them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.nightly.judging.evidence import Evidence
from flows.nightly.update.told import UPDATE
from flows.nightly.watch.outcomes import Month, outcome_columns, outcomes_of, with_outcomes
from flows.stores.registry import ModelRegistry
from flows.study.study import Study
from mtl_models.correction.record import KEY, Correction
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task

_PARTS = 1_000_000
_WHAT = b"update"


@dataclass(frozen=True)
class Recent:
    """Recent people.

    Attributes:
        frame: a row a person of whom some outcome is known: key, ``score_date``, the champion's predictions, outcomes
            in the columns of ``outcome_columns`` (null where none had come, or before the prediction), and ``judged``,
            whether nothing is fitted on them.
        n_scored: people who were scored by the champion's network and whom it had not learned from.
        first, last: the dates of the first and last prediction, as ISO dates; empty without anybody.
    """

    frame: pl.DataFrame
    n_scored: int
    first: str = ""
    last: str = ""

    @property
    def fitted(self) -> pl.DataFrame:
        """Those that corrections are fitted on."""
        return self.frame.filter(~pl.col("judged"))

    @property
    def judged(self) -> pl.DataFrame:
        """Those that they are judged on."""
        return self.frame.filter(pl.col("judged"))


def window(nights: pl.DataFrame, date: str, days: int) -> pl.DataFrame:
    """The nights of so many days until a date."""
    first = (dt.date.fromisoformat(date) - dt.timedelta(days=days)).isoformat()
    return nights.filter(pl.col("batch") > first)


def corrections_held(registry: ModelRegistry, version: str, tasks: Sequence[Task]) -> dict[str, Correction]:
    """The correction of every task that a version holds; of a version as it was trained none that changes anything."""
    held = registry.manifest(version).get(KEY, {})
    return {
        task.name: Correction.from_dict(held[task.name]) if task.name in held else Correction.none(task)
        for task in tasks
    }


def recent_people(study: Study, champion: str, date: str, nights: pl.DataFrame, tasks: Sequence[Task]) -> Recent:
    """Recent people as they were known at the end of a date.

    Who was scored by another correction of the champion's network counts too: what the champion would have said follows
    from what was said. Of a person the first prediction counts. Outcomes that had come when the champion was corrected
    have had their say.

    Args:
        study: whose people they are.
        champion: its version.
        date: ISO date.
        nights: ``batch``, ``run_id`` and ``n_scored`` of the dates that count.
        tasks: those that can be corrected.
    """
    registry, settings = study.registry, study.settings.update
    said = _said(study, nights, tasks, settings.people)
    columns = [name for task in tasks for name in task.prediction_columns]
    empty = pl.DataFrame(schema={PERSON: pl.String, "judged": pl.Boolean})
    if said is None:
        return Recent(empty, 0)
    parts = list(_by_champion(registry, champion, said, tasks))
    if not parts:
        return Recent(empty, 0)
    mine = pl.concat(parts).sort("score_date", PERSON).unique(PERSON, keep="first", maintain_order=True)
    people = with_outcomes(study, Month("recent", champion, mine), outcomes_of(study, date, mine[PERSON]))
    learned = Evidence.of(registry, champion).learned_from(people[PERSON].fill_null(""))
    if learned is not None:
        people = people.filter(~learned)
    if people.is_empty():
        return Recent(empty, 0)
    seen = registry.manifest(champion).get(UPDATE, {}).get("until")
    people = people.with_columns(each for task in tasks for each in _known(task, seen))
    outcomes = [name for task in tasks for name in outcome_columns(task)]
    known = people.filter(pl.any_horizontal(pl.col(outcomes).is_not_null())).sort(PERSON)
    frame = known.select(PERSON, "score_date", *columns, *outcomes).with_columns(
        pl.Series("judged", [_place(person) < settings.judged for person in known[PERSON]], pl.Boolean)
    )
    first, last = people["score_date"].min(), people["score_date"].max()
    return Recent(frame, people.height, str(first), str(last))


def _said(study: Study, nights: pl.DataFrame, tasks: Sequence[Task], people: int) -> pl.DataFrame | None:
    """What was published of some nights' people: key, date, model, predictions; not of all where there are many."""
    store = study.tables.scores.store
    if nights.is_empty() or not store.exists():
        return None
    there = set(next(iter(store.frames())).columns)
    columns = [PERSON, "score_date", "model_version"]
    columns += [name for task in tasks for name in task.prediction_columns if name in there]
    share = min(1.0, people / max(int(nights["n_scored"].sum()), 1))
    drawn = pl.lit(True) if share == 1 else pl.col(PERSON).hash(0) % _PARTS < int(share * _PARTS)
    parts = [frame.filter(drawn) for date in nights["batch"] for frame in store.frames(date, columns=columns)]
    found = pl.concat(parts)
    missing = [name for task in tasks for name in task.prediction_columns if name not in there]
    return found.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)


def _by_champion(
    registry: ModelRegistry, champion: str, said: pl.DataFrame, tasks: Sequence[Task]
) -> Iterator[pl.DataFrame]:
    """What the champion would have said of who was scored by its network."""
    network, now = registry.network_of(champion), corrections_held(registry, champion, tasks)
    for (version,), rows in said.group_by("model_version", maintain_order=True):
        if not registry.version_folder(str(version)).is_dir() or registry.network_of(str(version)) != network:
            continue
        then = corrections_held(registry, str(version), tasks)
        moved = {name: then[name].undone().then(now[name]) for name in now if then[name] != now[name]}
        yield corrected(rows, moved, tasks)


def corrected(frame: pl.DataFrame, corrections: Mapping[str, Correction], tasks: Sequence[Task]) -> pl.DataFrame:
    """A frame of predictions after corrections; what is null stays so."""
    for task in tasks:
        if task.name in corrections and frame.height:
            names = list(task.prediction_columns)
            values = corrections[task.name].of(frame.select(pl.col(names).cast(pl.Float64)).to_numpy())
            frame = frame.with_columns(
                pl.Series(name, np.ascontiguousarray(column), nan_to_null=True)
                for name, column in zip(names, values.T, strict=True)
            )
    return frame


def _known(task: Task, seen: str | None) -> list[pl.Expr]:
    """The outcomes of a task that came on the day of the prediction or later, and after a date that was looked at."""
    came = pl.col(f"{task.name}__came_on")
    counts = pl.all_horizontal(pl.col(task.prediction_columns).is_not_null()) & (came >= pl.col("score_date"))
    if seen:
        counts &= came > dt.date.fromisoformat(seen)
    return [pl.when(counts).then(pl.col(name)).cast(pl.Float64).alias(name) for name in outcome_columns(task)]


def _place(person: str) -> float:
    """Where a person stands between 0 and 1: the same for ever, and unrelated to their part in training."""
    hashed = hashlib.blake2b(person.encode(), digest_size=8, person=_WHAT).digest()
    return int.from_bytes(hashed) / 2**64


def arrays(frame: pl.DataFrame, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions of a task, NaN where there is none. Shape: ``(n, n_columns)``, ``(n, n_outputs)``."""
    target, said = (
        frame.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
        for names in (outcome_columns(task), list(task.prediction_columns))
    )
    return target, said
