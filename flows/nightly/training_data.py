"""What training data lose, held against the limits and against what the champion's lost."""

from __future__ import annotations

from dataclasses import replace

from flows.project.paths import REJECTS, SUMMARY, read_json
from flows.stages.validate import Judgement, judge
from flows.study.study import Study


def training_judgement(study: Study, *, outcomes_wait: bool) -> Judgement:
    """The limits that the study's validation passed, as they stand and beside the champion's training data.

    ``outcomes_wait``: newcomers are among them, whose outcomes may come later.
    """
    summary = read_json(study.paths.valid / SUMMARY)
    alone = judge(study, summary)
    beside = judge(study, summary, reference=study.registry.champion_profile(), outcomes_wait=outcomes_wait)
    found = {(excess.where, excess.key): excess for excess in (*alone.found, *beside.found)}
    return replace(beside, found=tuple(found.values()))


def require_sound(study: Study, judgement: Judgement) -> None:
    """Stop before a model is registered if more is lost than the study allows.

    Raises:
        schemas.faults.LimitExceeded: with one sentence.
    """
    paths = study.paths
    judgement.require(f"rejects with rows and reasons are in {(paths.valid / REJECTS).relative_to(paths.root)}")
