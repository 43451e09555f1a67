"""From an exported model to the champion: register it, let the gate decide, keep the history."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.nightly.champions import left_behind
from flows.nightly.gate import judge
from flows.nightly.judging.case import Rival, case_of, model_of, rivals_of
from flows.nightly.judging.changed import PARAMS
from flows.nightly.judging.checks import Check, Verdict
from flows.nightly.judging.compared import Rules
from flows.nightly.judging.evidence import write_evidence
from flows.nightly.judging.held_out import Model
from flows.nightly.judging.record import Story, promote_with_record, write_verdict
from flows.nightly.retrained import ALREADY
from flows.nightly.task_changes import Changes, table_conflicts
from flows.nightly.watch.reference import write_reference
from flows.project.hashing import sha256
from flows.project.paths import SUMMARY, read_json, write_json
from flows.project.provenance import git_revision
from flows.study.study import Study

LEFT_BEHIND = "not promoted: it was rolled back"


@dataclass(frozen=True)
class Promotion:
    """What the gate said of a version, and whether it is the champion now."""

    version: str
    promoted: bool
    reason: str
    verdict: Verdict | None

    def checks(self) -> list[dict[str, Any]]:
        """Every check of the gate, as plain JSON types."""
        return [asdict(check) for check in self.verdict.checks] if self.verdict else []

    def shown(self) -> dict[str, Any]:
        """What a page shows of it: the verdict of each check with its sentence."""
        checks = self.verdict.checks if self.verdict else ()
        said = {check.name: f"{check.outcome}: {check.words}" for check in checks}
        return {"version": self.version, "promoted": self.promoted, "reason": self.reason, "checks": said}

    @property
    def stands(self) -> bool:
        """Whether the same would be said again: a table that cannot take the scores may be moved aside."""
        return self.reason == ALREADY or self.reason.startswith(LEFT_BEHIND) or self.verdict is not None


def register(study: Study) -> str:
    """Keep the exported model with its page, figures and evidence in the registry, by its content's hash."""
    paths, settings = study.paths, study.settings
    export = read_json(paths.models / "export.json")
    manifest = {
        "study": study.name,
        "git_revision": git_revision(paths.root),
        "params_hash": settings.params_hash,
        **export["metadata"],
    }
    model = paths.models / "model.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        write_json(Path(scratch) / PARAMS, settings.model_dump(mode="json"))
        companions = [
            paths.models / "export.json",
            paths.reports / "metrics.json",
            paths.reports / "evaluation.json",
            paths.reports / "index.html",
            paths.root / "dvc.lock",
            Path(scratch) / PARAMS,
            *write_evidence(study, sha256(model), Path(scratch)),
            write_reference(study, Path(scratch)),
        ]
        return study.registry.register(model, companions, manifest, paths.valid / SUMMARY)


def promote(study: Study, version: str) -> Promotion:
    """Make ``version`` the champion if the gate lets it.

    Its scores must fit into the published table, and no check of :func:`flows.nightly.gate.judge` may fail.
    """
    paths, registry = study.paths, study.registry
    champion = registry.champion()
    if champion is not None and version in (champion.version, registry.network_of(champion.version)):
        return Promotion(version, False, ALREADY, None)
    if (since := left_behind(registry.promotions(), version)) is not None:
        words = f"{LEFT_BEHIND} on {since:%Y-%m-%d}; `mtl-health promote` takes it again"
        return Promotion(version, False, words, None)
    challenger = model_of(study, version)
    rivals = rivals_of(study, version, champion.version if champion else None)
    holder = rivals[0].model if rivals else None
    changes = Changes.between(challenger.scorer.tasks, holder.scorer.tasks if holder else ())
    table = study.tables.scores
    if refused := table_conflicts(table, challenger.scorer.tasks, changes):
        folder = table.folder.relative_to(paths.root)
        words = (
            f"not promoted: its scores do not fit into {folder}: {'; '.join(refused)}; keep the task as it was, or "
            f"move {folder} aside to begin a table anew, and retrain"
        )
        return Promotion(version, False, words, None)
    verdict = _verdict(study, challenger, rivals, changes)
    write_verdict(study, version, verdict)
    said = "; ".join(filter(None, ("first model of the study" if holder is None else "", verdict.words)))
    if not verdict.passes:
        return Promotion(version, False, f"not promoted: {said}", verdict)
    promote_with_record(
        study, Story(version, said, verdict.record()), challenger.scorer, holder.scorer if holder else None
    )
    return Promotion(version, True, said, verdict)


def _verdict(study: Study, challenger: Model, rivals: list[Rival], changes: Changes) -> Verdict:
    case = case_of(study, challenger, rivals, changes.words)
    if isinstance(case, str):
        check = Check.of("scores", False, f"it cannot score the validation people: {case}")
        return Verdict.of([check], 0, {}, check.name)
    return judge(case, Rules(study.settings.gate, study.settings.evaluation))
