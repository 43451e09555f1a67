"""An update: from recent people to the gate's word on a corrected champion, kept in the ledger and as a page."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from flows.nightly.champions import ROLLED_BACK, SHORT
from flows.nightly.gate import judge
from flows.nightly.judging.case import model_of, rivals_of
from flows.nightly.judging.checks import Verdict
from flows.nightly.judging.compared import Rules
from flows.nightly.judging.record import Story, promote_with_record, write_verdict
from flows.nightly.update.case import MADE, case_of_update, features_of
from flows.nightly.update.page import write_page
from flows.nightly.update.people import Recent, recent_people, window
from flows.nightly.update.refit import reasons_to_refit
from flows.nightly.update.trial import Tried, corrections_from, record_of, try_on
from flows.nightly.update.version import register_corrected
from flows.nightly.update.words import NOTHING, line_of, why_nothing
from flows.nightly.watch.night import scored_nights
from flows.project.hashing import digest
from flows.project.identity import code_digest
from flows.project.provenance import git_revision
from flows.report.words import count
from flows.study.study import Study
from mtl_models.correction.fitting import INTERCEPT, SLOPE
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of

FLOW = "update"


@dataclass(frozen=True)
class Look:
    """What an update looks at.

    Attributes:
        champion, network: the champion's version, and that whose network it has.
        nights: those that count.
        run_id: hash of all that decides what comes of it.
    """

    date: str
    champion: str
    network: str
    nights: pl.DataFrame
    run_id: str

    @classmethod
    def at(cls, study: Study, date: str) -> Look:
        """That of a date.

        Raises:
            ValueError: without a champion.
        """
        champion, settings = study.registry.require_champion(study.name).version, study.settings
        network = study.registry.network_of(champion)
        nights = window(scored_nights(study, date), date, settings.update.days)
        landings = study.tables.landings.until(date).select("landed_on", "run_id")
        decisive = settings.model_dump(mode="json", include={"update", "gate", "tasks", "evaluation", "watch"})
        run_id = digest(
            [FLOW, study.name, network, nights["run_id"].to_list()],
            [[day.isoformat(), run] for day, run in landings.iter_rows()],
            decisive,
            code_digest(__name__, study=study.name),
        )[:16]
        return cls(date, champion, network, nights, run_id)


def update(study: Study, date: str, *, again: bool = False) -> dict[str, Any]:
    """Look whether the champion should be corrected, and correct it if the gate lets it; give the ledger's row.

    Args:
        study: whose champion it is.
        date: what was known at the end of this day counts.
        again: look even if nothing is new, and after a correction was rolled back.

    Raises:
        ValueError: without a champion; if the study's drops do not land, or another update works.
    """
    if not study.settings.landing:
        raise ValueError(f"{study.name} keeps nothing of its drops (landing: false): an update has no outcomes to use")
    look = Look.at(study, date)
    if not again and (row := study.tables.runs.find(look.run_id)):
        return {**row, "unchanged": True}
    if not again and (said := _rolled_back(study, look)):
        return _row(study, look, Recent(pl.DataFrame(), 0), dt.datetime.now(dt.UTC), {"reason": said, "tried": []})
    lock = FileLock(study.registry.folder / ".updating.lock", timeout=0)
    try:
        with lock:
            return _update(study, look)
    except Timeout:
        raise ValueError(f"another update of {study.name} works: wait for it, and see what it says") from None


def due(study: Study, date: str) -> bool:
    """Whether so much more is known than at the last look at the champion that `retrain` looks again.

    See ``update.growth``.
    """
    look, runs = Look.at(study, date), study.tables.runs
    rows = runs.read().filter(pl.col("flow") == FLOW).sort("finished_at") if runs.exists() else pl.DataFrame()
    before = [
        row["n_people"] or 0
        for row in rows.iter_rows(named=True)
        if json.loads(row["details"])["champion_before"] == look.champion
    ]
    known = recent_people(study, look.champion, date, look.nights, tasks_of(study)).frame.height
    return known > 0 and known >= (1 + study.settings.update.growth) * (before[-1] if before else 0)


def tasks_of(study: Study) -> list[Task]:
    """The outcomes that can be corrected."""
    return [task for task in study.settings.task_records if task.role == "main" and kind_of(task).scale]


def _rolled_back(study: Study, look: Look) -> str:
    last = study.registry.promotions().row(-1, named=True)
    if not last["reason"].startswith(ROLLED_BACK) or not last["replaced"]:
        return ""
    if last["replaced"] == look.network or study.registry.network_of(last["replaced"]) != look.network:
        return ""
    since = f"{last['promoted_at']:%Y-%m-%d}"
    return (
        f"{NOTHING}: the correction {last['replaced'][:SHORT]} was rolled back on {since}; --again looks all the same"
    )


def _update(study: Study, look: Look) -> dict[str, Any]:
    started, settings = dt.datetime.now(dt.UTC), study.settings
    least, tasks = settings.evaluation.min_count, tasks_of(study)
    recent = recent_people(study, look.champion, look.date, look.nights, tasks)
    if recent.frame.is_empty():
        reason = f"{NOTHING}: no outcome has come of people whom the champion's network scored and had not learned from"
        return _record(study, look, recent, started, {"reason": reason, "tried": []})
    tried = try_on(recent, tasks, settings.update, settings.gate)
    records = [record_of(each, least) for each in tried]
    new = corrections_from(tried, tasks)
    refit = reasons_to_refit(study, look.network, recent, tasks, new, tried)
    found: dict[str, Any] = {"tried": records, "refit": refit}
    if not new:
        return _record(study, look, recent, started, {**found, "reason": why_nothing(tried)})
    said = [f"{each['part']}: {each['words']}" for each in records if each["chosen"] in (INTERCEPT, SLOPE)]
    what = f"correction of {look.champion[:SHORT]}: {'; '.join(said)}"
    challenger, verdict = _judged(study, look, recent, tried, [line_of(each) for each in records], what)
    found["checks"] = verdict.record()["checks"]
    found["reason"] = f"{what}; {verdict.words}" if verdict.passes else f"not promoted: {what}; {verdict.words}"
    if not verdict.passes:
        found["refit"] = [*refit, "the gate did not let the correction through"]
    return _record(study, look, recent, started, found, challenger, promoted=verdict.passes)


def _judged(
    study: Study, look: Look, recent: Recent, tried: Sequence[Tried], lines: list[str], what: str
) -> tuple[str, Verdict]:
    """Register the corrected version, have the gate judge it, and promote it if it may."""
    least = study.settings.evaluation.min_count
    new, features = corrections_from(tried, tasks_of(study)), features_of(study, look.date, recent.judged)
    champion = model_of(study, look.champion)
    told = {
        "n_fitted": count(recent.fitted.height, least),
        "n_judged": count(recent.judged.height, least),
        "first": recent.first,
        "last": recent.last,
        "until": look.date,
        "lines": lines,
    }
    complete = features.filter(pl.col(MADE))
    version = register_corrected(study, champion.scorer, new, recent.fitted[PERSON], complete, told)
    challenger = model_of(study, version)
    rivals = rivals_of(study, version, look.champion)
    case = case_of_update(study, challenger, rivals, recent, features, new)
    gate = study.settings.gate
    floors = {name: floor for name, floor in gate.floors.items() if name in new}  # the others are as they were
    verdict = judge(case, Rules(gate.model_copy(update={"floors": floors}), study.settings.evaluation))
    write_verdict(study, version, verdict)
    if verdict.passes:
        if study.registry.require_champion(study.name).version != look.champion:
            raise ValueError(f"{study.name} has got another champion in the meantime: run the update again")
        story = Story(version, f"{what}; {verdict.words}", verdict.record())
        promote_with_record(study, story, challenger.scorer, champion.scorer)
    return version, verdict


def _row(
    study: Study, look: Look, recent: Recent, started: dt.datetime, found: dict[str, Any], version: str = ""
) -> dict[str, Any]:
    finished = dt.datetime.now(dt.UTC)
    details = {
        "network": look.network,
        "champion_before": look.champion,
        "n_scored": recent.n_scored,
        "n_fitted": recent.fitted.height if recent.frame.height else 0,
        "n_judged": recent.judged.height if recent.frame.height else 0,
        "first": recent.first,
        "last": recent.last,
        "refit": [],
        "checks": [],
        **found,
    }
    return {
        "run_id": look.run_id,
        "flow": FLOW,
        "study": study.name,
        "batch": look.date,
        "model_version": version or look.champion,
        "git_revision": git_revision(study.root),
        "params_hash": study.settings.params_hash,
        "n_people": recent.frame.height,
        "promoted": bool(version),
        "started_at": started,
        "finished_at": finished,
        "seconds": (finished - started).total_seconds(),
        "details": json.dumps(details, sort_keys=True),
        "unchanged": False,
    }


def _record(
    study: Study,
    look: Look,
    recent: Recent,
    started: dt.datetime,
    found: dict[str, Any],
    challenger: str = "",
    *,
    promoted: bool = False,
) -> dict[str, Any]:
    """Keep what came of it in the ledger and as a page."""
    if challenger:
        found["challenger"] = challenger
    row = _row(study, look, recent, started, found, challenger if promoted else "")
    study.tables.runs.publish({key: value for key, value in row.items() if key != "unchanged"})
    write_page(study, row)
    return row
