"""From an exported model to the champion: register it, let the gate decide, keep the history."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from flows.fitting.names import FINAL
from flows.nightly.champions import left_behind
from flows.nightly.gate import Verdict, judge
from flows.nightly.retrained import ALREADY
from flows.nightly.task_changes import Changes, table_conflicts
from flows.project.errors import sentence_of
from flows.project.paths import SUMMARY, read_json
from flows.project.provenance import git_revision
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.serving.scorer import Scorer

LEFT_BEHIND = "not promoted: it was rolled back"


@dataclass(frozen=True)
class Promotion:
    """What the gate said of a version, and whether it is the champion now."""

    version: str
    promoted: bool
    reason: str
    verdict: Verdict | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)

    @property
    def stands(self) -> bool:
        """Whether the same would be said again: a table that cannot take the scores may be moved aside."""
        return self.reason == ALREADY or self.reason.startswith(LEFT_BEHIND) or self.verdict is not None


def register(study: Study) -> str:
    """Keep the exported model with its page and figures in the registry, by its content's hash."""
    paths, settings = study.paths, study.settings
    export = read_json(paths.models / "export.json")
    companions = [
        paths.models / "export.json",
        paths.reports / "metrics.json",
        paths.reports / "evaluation.json",
        paths.reports / "index.html",
        paths.root / "dvc.lock",
    ]
    manifest = {
        "study": study.name,
        "git_revision": git_revision(paths.root),
        "params_hash": settings.params_hash,
        **export["metadata"],
    }
    return study.registry.register(paths.models / "model.onnx", companions, manifest, paths.valid / SUMMARY)


def promote(study: Study, version: str) -> Promotion:
    """Make ``version`` the champion if the gate lets it.

    Its scores must fit into the published table, every task must have a figure on validation people, and on the tasks
    of both it must not be worse than the champion beyond the interval.
    """
    paths = study.paths
    registry = study.registry
    champion = registry.champion()
    if champion is not None and champion.version == version:
        return Promotion(version, False, ALREADY, None)
    if (since := left_behind(registry.promotions(), version)) is not None:
        words = f"{LEFT_BEHIND} on {since:%Y-%m-%d}; `mtl-health promote` takes it again"
        return Promotion(version, False, words, None)
    challenger = Scorer(registry.path(version), sha256=version)
    holder = Scorer(champion.path, sha256=champion.version) if champion else None
    changes = Changes.between(challenger.tasks, holder.tasks if holder else ())
    table = study.tables.scores
    if refused := table_conflicts(table, challenger.tasks, changes):
        folder = table.folder.relative_to(paths.root)
        words = (
            f"not promoted: its scores do not fit into {folder}: {'; '.join(refused)}; keep the task as it was, or "
            f"move {folder} aside to begin a table anew, and retrain"
        )
        return Promotion(version, False, words, None)
    verdict = _judge(study, challenger, holder, changes)
    said = "; ".join(
        filter(None, ("first model of the study" if holder is None else "", verdict.words, *changes.words))
    )
    if not verdict.passes:
        return Promotion(version, False, f"not promoted: {said}", verdict)
    registry.promote(version, said, asdict(verdict)["gains"])
    return Promotion(version, True, said, verdict)


def _judge(study: Study, challenger: Scorer, holder: Scorer | None, changes: Changes) -> Verdict:
    """Both models on the validation part: the test part is for figures, never for a choice."""
    paths, settings = study.paths, study.settings
    features = pl.read_parquet(paths.features / "features.parquet")
    splits = pl.read_parquet(paths.features / "splits.parquet")
    people = features.join(splits.filter(pl.col(FINAL) == "valid").select(PERSON), on=PERSON, how="semi").sort(PERSON)
    targets = people.select(PERSON).join(
        pl.read_parquet(paths.features / "targets.parquet"), on=PERSON, how="left", maintain_order="left"
    )
    ours = _scores(challenger, people)
    if isinstance(ours, str):
        return Verdict(False, f"it cannot score the validation people: {ours}", people.height)
    theirs = _scores(holder, people) if holder else None
    verdict = judge(
        ours,
        None if isinstance(theirs, str) else theirs,
        targets,
        [task for task in challenger.tasks if task.role == "main"],
        settings.gate,
        common=changes.common,
        evaluation=settings.evaluation,
    )
    if isinstance(theirs, str):
        words = f"{verdict.words}; not compared with the champion, which cannot score them: {theirs}"
        return replace(verdict, words=words)
    return verdict


def _scores(scorer: Scorer, people: pl.DataFrame) -> pl.DataFrame | str:
    """Scores of some people, or why there are none."""
    if missing := [feature.name for feature in scorer.spec.features if feature.name not in people.columns]:
        return f"{len(missing)} features that it needs are no longer made"
    try:
        return scorer.score(people)
    except ValueError as error:
        return sentence_of(error)
