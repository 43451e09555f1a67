"""From an exported model to the champion: register it, let the gate decide, keep the history."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from flows.gate import Verdict, compare
from flows.paths import StudyPaths, read_json
from flows.provenance import git_revision
from flows.scoring import registry_of
from flows.settings import StudySettings
from flows.stages.fits import FINAL
from flows.stages.validate import SUMMARY
from flows.stores.registry import Champion
from mtl_models.data import PERSON
from mtl_models.scorer import Scorer


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


def register(paths: StudyPaths, settings: StudySettings) -> str:
    """Keep the exported model with its page and figures in the registry, by its content's hash."""
    export = read_json(paths.models / "export.json")
    companions = [
        paths.models / "export.json",
        paths.reports / "metrics.json",
        paths.reports / "evaluation.json",
        paths.reports / "index.html",
        paths.root / "dvc.lock",
    ]
    manifest = {
        "study": paths.study,
        "git_revision": git_revision(paths.root),
        "params_hash": settings.params_hash,
        **export["metadata"],
    }
    return registry_of(paths).register(paths.models / "model.onnx", companions, manifest, paths.valid / SUMMARY)


def promote(paths: StudyPaths, settings: StudySettings, version: str) -> Promotion:
    """Make ``version`` the champion if there is none or if it is not worse beyond its interval."""
    registry = registry_of(paths)
    champion = registry.champion()
    if champion is None:
        return _promoted(paths, Promotion(version, True, "first model of the study", None))
    if champion.version == version:
        return Promotion(version, False, "already the champion", None)
    verdict = _judge(paths, settings, version, champion)
    if isinstance(verdict, str):
        return _promoted(paths, Promotion(version, True, verdict, None))
    promotion = Promotion(version, verdict.passes, verdict.words, verdict)
    return _promoted(paths, promotion) if verdict.passes else promotion


def _promoted(paths: StudyPaths, promotion: Promotion) -> Promotion:
    gate = asdict(promotion.verdict) if promotion.verdict else {}
    registry_of(paths).promote(promotion.version, promotion.reason, gate)
    return promotion


def _judge(paths: StudyPaths, settings: StudySettings, version: str, champion: Champion) -> Verdict | str:
    """Both models on the validation part: the test part is for figures, never for a choice."""
    challenger = Scorer(registry_of(paths).path(version), sha256=version)
    holder = Scorer(champion.path, sha256=champion.version)
    features = pl.read_parquet(paths.features / "features.parquet")
    splits = pl.read_parquet(paths.features / "splits.parquet")
    people = features.join(splits.filter(pl.col(FINAL) == "valid").select(PERSON), on=PERSON, how="semi").sort(PERSON)
    if missing := [f.name for f in holder.spec.features if f.name not in features.columns]:
        return f"the champion needs {len(missing)} features that are no longer made"
    if {task.name for task in challenger.tasks} != {task.name for task in holder.tasks}:
        return "the tasks changed: the champion does not predict what is asked now"
    targets = people.select(PERSON).join(
        pl.read_parquet(paths.features / "targets.parquet"), on=PERSON, how="left", maintain_order="left"
    )
    return compare(challenger.score(people), holder.score(people), targets, challenger.tasks, settings.gate)
