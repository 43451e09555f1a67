"""A corrected version's case for the gate: recent people that nothing was fitted on, the champion beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from flows.nightly.gate import ANCHOR, CHAMPION, Against, Case
from flows.nightly.judging.case import CHALLENGER, Rival
from flows.nightly.judging.checks import Check
from flows.nightly.judging.held_out import Model, file_scores, not_learned
from flows.nightly.judging.limits import limit_checks
from flows.nightly.judging.predicted import People, Predicted
from flows.nightly.landing.features import landed_features
from flows.nightly.task_changes import Changes
from flows.nightly.update.people import Recent, corrected
from flows.nightly.watch.outcomes import outcome_columns
from flows.report.words import listing
from flows.study.study import Study
from mtl_models.correction.record import Correction
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task

RECENT, MADE = "recent people", "made"


def features_of(study: Study, until: str, judged: pl.DataFrame) -> pl.DataFrame:
    """Features of the judged people by their newest rows, in their order; ``made`` says of whom there are any."""
    found = landed_features(study, until, judged[PERSON]).with_columns(pl.lit(True).alias(MADE))
    beside = judged.select(PERSON).join(found, on=PERSON, how="left", maintain_order="left")
    return beside.with_columns(pl.col(MADE).fill_null(False))


def case_of_update(
    study: Study,
    challenger: Model,
    rivals: Sequence[Rival],
    recent: Recent,
    features: pl.DataFrame,
    new: Mapping[str, Correction],
) -> Case:
    """The case of a correction: outcomes that it leaves alone are as the champion's, and are not judged.

    Champion and challenger are judged by what was published of these people, and by what the correction makes of it;
    the anchor, which may have another network, by what it says of features made from their newest rows.

    Args:
        study: whose champion is corrected.
        challenger: the corrected version.
        rivals: the champion, and the anchor.
        recent: the people.
        features: of the judged ones, see :func:`features_of`.
        new: the corrections, by task.
    """
    tasks = [task for task in challenger.scorer.tasks if task.name in new]
    judged, gate = recent.judged, study.settings.gate
    targets = judged.select(
        PERSON,
        *(
            pl.col(held).alias(name)
            for task in tasks
            for held, name in zip(outcome_columns(task), task.target_columns, strict=True)
        ),
    )
    people = People(targets, RECENT, features.drop(PERSON))
    before = judged.select(name for task in tasks for name in task.prediction_columns)
    ours, theirs = Predicted((corrected(before, new, tasks),)), Predicted((before,))
    names = [task.name for task in tasks]
    rows, check = not_learned(people, {CHALLENGER: challenger.evidence}, study.settings.evaluation.min_count)
    against = [Against(CHAMPION, ours.of(rows), theirs.of(rows), people.of(rows), names, same_network=True)]
    further = [check]
    anchor = next((rival for rival in rivals if rival.name == ANCHOR), None)
    if anchor is not None:
        beside = _anchor(anchor, challenger, ours, people, features, tasks)
        if isinstance(beside, Against):
            against.append(beside)
        else:
            further.append(beside)
    complete = features.filter(pl.col(MADE))
    further += limit_checks(study.registry, challenger.version, challenger.scorer, complete, gate.limits)
    alone = [task.name for task in challenger.scorer.tasks if task.role == "main" and task.name not in new]
    notes = [f"{listing(alone)} {'is' if len(alone) == 1 else 'are'} as before"] if alone else []
    return Case(ours.of(rows), people.of(rows), tasks, against, further, notes)


def _anchor(
    anchor: Rival, challenger: Model, ours: Predicted, people: People, features: pl.DataFrame, tasks: Sequence[Task]
) -> Against | Check:
    title = f"{ANCHOR}, mean"
    if anchor.model is None:
        return anchor.why or Check.not_judged(title, "there is none")
    common = Changes.between(tasks, anchor.model.scorer.tasks).common
    rows, _ = not_learned(people, {CHALLENGER: challenger.evidence, ANCHOR: anchor.model.evidence}, 1)
    rows &= features[MADE].to_numpy()
    if not common or not rows.any():
        return Check.not_judged(title, "no outcome of both, or nobody that neither was trained on")
    said = file_scores(anchor.model, features.filter(pl.Series(rows)))
    if isinstance(said, str):
        return Check.not_judged(title, f"not compared with the anchor, which cannot score recent people: {said}")
    return Against(ANCHOR, ours.of(rows), Predicted((said,)), people.of(rows), common)
