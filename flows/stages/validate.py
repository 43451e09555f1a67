"""Stage: split the raw tables into rows that keep the contract and rejects with every reason."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.project.paths import REJECTS, SUMMARY, write_json
from flows.stages.command import run_stage
from flows.stages.splitting import split_folder
from flows.stores.staging import staging
from flows.study.study import Study
from mtl_models.metrics.settings import MIN_COUNT
from schemas.contract import Contract
from schemas.faults import LimitExceeded
from schemas.limits.excess import Excess, sentences
from schemas.limits.judgement import Limits, excesses
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder


@dataclass(frozen=True)
class Judgement:
    """Which limits a validation passed.

    Attributes:
        study: the study.
        found: the limits that were passed.
        floods: ``stop`` or ``say``; too many rejected rows always stop the run.
        compared: whether there were counts of training data to compare with.
        scoring: whether people are scored.
    """

    study: str
    found: tuple[Excess, ...]
    floods: str
    compared: bool
    scoring: bool

    @property
    def stops(self) -> bool:
        """Whether the run goes no further."""
        return any(self._stops(excess) for excess in self.found)

    def _stops(self, excess: Excess) -> bool:
        if excess.key == "max_empty_share" and excess.before is None and self.scoring:
            return False  # few may have such a value: without the training data's share nobody can tell
        return self.floods == "stop" or excess.key == "max_reject_share"

    def lines(self) -> list[str]:
        """A sentence a limit, with every count."""
        return list(sentences(self.found))

    def shown_lines(self) -> list[str]:
        """A sentence a limit, without small counts of people: it is stored and shown elsewhere too."""
        return list(sentences(self.found, MIN_COUNT))

    @property
    def text(self) -> str | None:
        """The sentences as the ledger keeps them, a line each; None where no limit was passed."""
        return "\n".join(self.lines()) or None

    @property
    def basis(self) -> str:
        """What columns were compared with, in words."""
        if self.compared:
            return "the champion's training data"
        return "nothing: no counts of a champion's training data are kept, so the limits hold as they stand"

    def shown(self) -> dict[str, Any]:
        """As a flow's artifact shows it."""
        return {
            "columns compared with": self.basis,
            "limits passed": {excess.where: excess.sentence(MIN_COUNT) for excess in self.found},
        }

    def require(self, kept: str) -> None:
        """Stop the run if it must go no further; ``kept`` says where tables, reasons and rejects are.

        Raises:
            LimitExceeded: with one sentence.
        """
        if not self.stops:
            return
        keys = ", ".join(dict.fromkeys(f"validation.{excess.key}" for excess in self.found))
        flood = any(excess.key != "max_reject_share" for excess in self.found)
        say = "; validation.exempt leaves columns out, `validation.floods: say` goes on all the same" if flood else ""
        raise LimitExceeded(
            f"more is lost than params.yaml allows, nothing goes on: {'; '.join(self.shown_lines())}; {kept}; mend the "
            f"delivery, or change {keys} of {self.study}{say}"
        )


def validate(
    study: Study, source: Path, target: Path, *, scoring: bool = False, landed: Path | None = None
) -> dict[str, Any]:
    """Write ``<TABLE>.parquet`` for every table, ``rejects.parquet`` and ``summary.json`` into ``target``.

    Nothing is judged here: whatever was rejected or emptied is written down first. A large folder is read by shards of
    its people; valid rows then lie in the order of their keys.

    Args:
        study: whose contract holds.
        source: folder of raw tables.
        target: folder that is replaced.
        scoring: the source is a night's drop, see :func:`split_tables`.
        landed: what landed since the raw tables were delivered, see :func:`split_tables`.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    with staging(study.paths.staging / f"validate-{os.getpid()}") as scratch:
        split = split_folder(study, source, scratch, scoring=scoring, landed=landed)
        shutil.rmtree(target, ignore_errors=True)
        split.write(target)
    write_json(target / SUMMARY, split.summary)
    return split.summary


def split_tables(study: Study, source: Path, *, scoring: bool = False, landed: Path | None = None) -> StudyResult:
    """A folder of raw tables by the study's contract, in memory.

    A night's drop (``scoring``) needs no column that an outcome is made of, no table that the contract calls optional,
    and may hold no table that it does not know. Raw tables are taken with what ``landed`` since.
    """
    contract: Contract = study.contract
    hidden, beside = study.hidden if scoring else (), study.settings.split.beside_tables
    return validate_folder(source, contract, optional_columns=hidden, scoring=scoring, beside=beside, landed=landed)


def judge(
    study: Study,
    summary: dict[str, Any],
    *,
    reference: dict[str, Any] | None = None,
    scoring: bool = False,
    outcomes_wait: bool = False,
) -> Judgement:
    """Hold a validation's counts against the study's limits.

    Args:
        study: whose contract and limits hold.
        summary: what ``validate`` gave.
        reference: counts of the training data, if there are any to compare with.
        scoring: whether people are scored. Columns of outcomes may then be empty or absent, and a column without any
            value is only said, not a reason to stop, where there is nothing to compare it with.
        outcomes_wait: whether there are people whose outcomes have not come yet: they may be empty then too.
    """
    settings = study.settings.validation
    limits, hidden = Limits(**settings.model_dump(exclude={"floods"})), study.hidden if scoring or outcomes_wait else ()
    found = excesses(summary, study.contract, limits, reference=reference, may_be_empty=hidden)
    return Judgement(study.name, found, settings.floods, reference is not None, scoring)


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's raw folder; there is nothing earlier to compare with, so the limits are absolute."""
    paths = study.paths
    summary = validate(study, paths.raw, paths.valid, landed=paths.intake)
    rejects = (paths.valid / REJECTS).relative_to(paths.root)
    judgement = judge(study, summary)
    judgement.require(f"rejected rows with their reasons are in {rejects}, every count is in {SUMMARY} beside them")
    for line in judgement.shown_lines():
        print(f"{study.name}: beyond its limit: {line}")
    return summary


if __name__ == "__main__":
    run_stage(run)
