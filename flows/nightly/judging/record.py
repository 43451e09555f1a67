"""The change record of a promotion: what changed, how it was judged, what it means; kept with the version, no rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.nightly.judging.changed import changed
from flows.nightly.judging.checks import Check, Verdict, checks_of
from flows.nightly.judging.evidence import Evidence
from flows.nightly.judging.held_out import HeldOut, Model, file_scores
from flows.nightly.judging.impact import impact_of
from flows.nightly.judging.records import record_path
from flows.nightly.task_changes import Changes
from flows.project.paths import read_json, write_json, write_text
from flows.report.words import count
from flows.study.study import Study
from mtl_models.serving.scorer import Scorer

VERDICT = "verdict.json"
_TEMPLATE = Path(__file__).with_name("change.html")


@dataclass(frozen=True)
class Story:
    """Why a version becomes the champion.

    Attributes:
        reason: in words, as the history keeps it.
        record: what the gate said, see :meth:`Verdict.record`; empty where it was not asked.
    """

    version: str
    reason: str
    record: dict[str, Any]


def write_verdict(study: Study, version: str, verdict: Verdict) -> None:
    """Keep the gate's last word on a version beside it."""
    champion = study.registry.promotions()["model_version"]
    said = {"passes": verdict.passes, "words": verdict.words, **verdict.record()}
    content = {"champion": champion[-1] if len(champion) else None, **said}
    write_json(study.registry.version_folder(version) / VERDICT, content)


def promote_with_record(study: Study, story: Story, challenger: Scorer, holder: Scorer | None) -> Path:
    """Make a version the champion and write its change record: first all that it says, then the promotion, the page."""
    view = _view(study, story, challenger, holder)
    row = study.registry.promote(story.version, story.reason, story.record)
    from flows.report.templates import render

    path = record_path(study.registry, story.version, row["promoted_at"])
    write_text(path, render(_TEMPLATE, promoted_at=f"{row['promoted_at']:%Y-%m-%d %H:%M} UTC", **view))
    return path


def _view(study: Study, story: Story, challenger: Scorer, holder: Scorer | None) -> dict[str, Any]:
    old = holder.sha256 if holder else None
    people, impacts = _impacts(study, challenger, holder)
    return {
        "study": study.settings.title,
        "version": story.version,
        "replaced": old,
        "reason": story.reason,
        "changes": changed(study.root, study.registry, study.name, old, story.version),
        "judged": _judged(study, story),
        "people": people,
        "impacts": impacts,
    }


def _judged(study: Study, story: Story) -> tuple[str, list[Check]]:
    """How it was judged, in words, and the checks: of this promotion, or the last that were made of this version."""
    if story.record:
        return "The gate judged it for this promotion.", checks_of(story.record)
    path = study.registry.version_folder(story.version) / VERDICT
    if not path.is_file():
        return "The gate was not asked, and has never judged this version.", []
    held = read_json(path)
    beside = f"beside the champion {held['champion'][:12]}" if held["champion"] else "as the first model"
    return f"The gate was not asked. It last judged this version {beside}:", checks_of(held)


def _impacts(study: Study, challenger: Scorer, holder: Scorer | None) -> tuple[str, list[Any]]:
    """How many people the impact is measured on, in words, and the impact itself."""
    if holder is None:
        return "There was no model before: every score is new.", []
    if not (study.paths.features / "features.parquet").is_file():
        return "Not measured: the features of the training people are not on this machine.", []
    features, min_count = HeldOut.of(study).features, study.settings.evaluation.min_count
    before, after = (file_scores(Model(each, Evidence(each.sha256)), features) for each in (holder, challenger))
    for frame in (before, after):
        if isinstance(frame, str):
            return f"Not measured: {frame}.", []
    assert not isinstance(before, str)
    assert not isinstance(after, str)
    common = Changes.between(challenger.tasks, holder.tasks).common
    impacts = impact_of(before, after, challenger.tasks, common, min_count)
    return f"Both models scored the same {count(features.height, min_count)} validation people.", impacts
