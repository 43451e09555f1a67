"""A retraining with nothing to do: found out from files and the ledger, without Prefect and without DVC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.nightly.landing.export import export_landed
from flows.nightly.reproduce import targets_of
from flows.project.dates import date_or_today
from flows.project.hashing import digest, sha256
from flows.project.identity import code_digest
from flows.stores.registry import MODEL, PROFILE
from flows.study.study import Study

ALREADY = "already the champion"
TRAINING = "training"
FLOW = "flows.nightly.retrain"


def run_id(decisive: Sequence[str], before: Sequence[str]) -> str:
    """Hash of all that decides a retraining; the same inputs give the same run.

    Args:
        decisive: see :func:`inputs`.
        before: the last promotion before the run, see :func:`last_promotion`.
    """
    return digest(list(decisive), list(before))[:16]


def inputs(study: Study, version: str) -> list[str]:
    """What decides a retraining beside the champion before it: model, data by DVC's lock, settings, code."""
    lock, code = sha256(study.root / "dvc.lock"), code_digest(FLOW, study=study.name)
    return [study.name, version, study.settings.params_hash, lock, code]


def last_promotion(promotions: pl.DataFrame) -> tuple[str, ...]:
    """Version and time of a champion; nothing before the first."""
    return (promotions["model_version"][-1], promotions["promoted_at"][-1].isoformat()) if promotions.height else ()


def retrained_already(study: Study, date: str | None = None) -> dict[str, Any] | None:
    """The ledger's row of the retraining that would come out now, if all that it leaves is there, else None.

    What had landed by ``date``, today if left out, is brought to DVC's folder before.

    What cannot be told so, such as faults in the settings, is a retraining's to say.
    """
    try:
        export_landed(study, date_or_today(date, study.settings.schedule.timezone))
        row = _recorded(study)
        if row is None or not _is_left(study, row):
            return None
        from flows.nightly.pipeline.current import is_current

        if not is_current(study.root, targets_of(study.name)):
            return None
    except (OSError, ValueError):
        return None
    details = json.loads(row["details"])
    reason = ALREADY if row["promoted"] else details["reason"]
    return {**row, "promoted": False, "reason": reason, "warnings": details["warnings"], "unchanged": True}


def _recorded(study: Study) -> dict[str, Any] | None:
    """The row of the run with these inputs, or of the one that made its model the champion."""
    version, promotions, runs = sha256(study.paths.models / MODEL), study.registry.promotions(), study.tables.runs
    while promotions.height and _corrects(study, promotions["model_version"][-1], version):
        promotions = promotions[:-1]
    decisive = inputs(study, version)
    row = runs.find(run_id(decisive, last_promotion(promotions)))
    if row is None and promotions.height and promotions["model_version"][-1] == version:
        row = runs.find(run_id(decisive, last_promotion(promotions[:-1])))
        return row if row and row["promoted"] else None
    return row if row and not row["promoted"] else None


def _corrects(study: Study, champion: str, version: str) -> bool:
    """Whether a champion is a correction of the model that a training would leave."""
    return champion != version and study.registry.network_of(champion) == version


def _is_left(study: Study, row: dict[str, Any]) -> bool:
    """Whether the run had a last word, and registry and rejects are as it left them."""
    details, registry = json.loads(row["details"]), study.registry
    if not details.get("stands") or not registry.path(row["model_version"]).with_name(PROFILE).is_file():
        return False
    registry.require_champion(study.name)
    rejects = study.tables.rejects
    n_rejects: int = details["n_rejects"]
    return rejects.store.holds(TRAINING, "run_id", row["run_id"]) == n_rejects
