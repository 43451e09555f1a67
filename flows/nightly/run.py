"""One run of the flow `score`: what it works on, fixed before it starts, and whether it was done already."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.nightly.person_keys import PersonKeys, person_keys
from flows.project.hashing import digest
from flows.project.identity import code_digest, decisive
from flows.project.provenance import git_revision
from flows.stores.dated import n_rejects
from flows.stores.inbox import Inbox, drop_hashes
from flows.stores.registry import Champion
from flows.study.study import Study
from schemas.reading.places import is_far

if TYPE_CHECKING:
    from mtl_models.serving.scorer import Scorer

STEPS = "flows.nightly.steps"


@dataclass(frozen=True)
class Run:
    """What one run works on.

    Attributes:
        run_id: hash of the date and of all that decides the scores: drop, model, the params and the code that are
            used. The same inputs give the same run.
        staging: scratch folder, held by ``flows.stores.staging`` while the run works.
        keys: how persons stand in the tables.
        scorer: the champion, loaded once for all steps of the run.
    """

    study: Study
    date: str
    drop: Path
    data_hashes: dict[str, str]
    champion: Champion
    git_revision: str
    run_id: str
    started_at: datetime
    keys: PersonKeys = field(default_factory=PersonKeys, repr=False)

    @property
    def staging(self) -> Path:
        """Scratch folder of the date; on a storage, where nobody can hold it, the run's own."""
        folder = self.study.staging / self.date
        return folder / self.run_id if is_far(folder) else folder

    @cached_property
    def scorer(self) -> Scorer:
        """The champion, ready to score."""
        from mtl_models.serving.scorer import Scorer

        return Scorer(self.champion.path, sha256=self.champion.version)


def require_ready(study: Study, date: str) -> None:
    """Make sure that a date has a drop and the study a champion, at no cost: nothing is read.

    Raises:
        FileNotFoundError: if nothing was dropped for the date.
        ValueError: if the date is none, or no model was promoted.
    """
    Inbox(study.inbox).drop(date)
    study.registry.require_promoted(study.name)


@cache
def _code(study: str) -> str:
    """The hash of the code that scores: of one process it is always the same."""
    return code_digest(STEPS, study=study)


def open_run(study: Study, date: str, version: str | None = None) -> Run:
    """Find the drop of a date, and the model that scores it: the champion, or a version that is named.

    Raises:
        FileNotFoundError: if nothing was dropped for the date.
        ValueError: if the date is none, no model was promoted, or persons are hashed and the key is not there.
    """
    drop = Inbox(study.inbox).drop(date)
    champion = study.registry.require_champion(study.name) if version is None else study.registry.model(version)
    hashes, revision = drop_hashes(drop, study.contract), git_revision(study.root)
    code = _code(study.name)
    keys = person_keys(study)
    made_of = [study.name, date, champion.version, decisive(study.settings, "score"), code, hashes]
    run_id = digest(*made_of, *filter(None, [keys.mark]))[:16]
    return Run(study, date, drop, hashes, champion, revision, run_id, datetime.now(UTC), keys)


def finished(run: Run) -> dict[str, Any] | None:
    """The ledger's row if this very run is the date's last and what the tables hold now, else None.

    A run that was killed may have left its rejects, or its scores too, beside the ledger's row of another run.
    """
    tables = run.study.tables
    row = tables.runs.last(run.date)
    if row is None or row["run_id"] != run.run_id or not tables.scores.exists():
        return None
    if tables.scores.store.holds(run.date, "run_id", run.run_id) != row["n_scored"]:
        return None
    held = tables.rejects.store.holds(run.date, "run_id", run.run_id)
    return row if held is not None and n_rejects(row) in (held, None) else None
