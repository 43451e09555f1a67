"""A challenger's case for the gate, put together from the registry, the newest training's people and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flows.nightly.champions import named
from flows.nightly.gate import ANCHOR, CHAMPION, RARELY, RECIPE, Against, Case
from flows.nightly.judging.checks import Check
from flows.nightly.judging.evidence import Evidence, main_tasks
from flows.nightly.judging.held_out import HeldOut, Model, file_scores, not_learned, out_of_fold, said_then
from flows.nightly.judging.limits import limit_checks
from flows.nightly.judging.predicted import People, Predicted
from flows.nightly.task_changes import Changes
from flows.report.words import count
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.serving.scorer import Scorer

CHALLENGER = "challenger"


@dataclass(frozen=True)
class Rival:
    """Another model to be compared with, or why it cannot be."""

    name: str
    model: Model | None
    why: Check | None = None


def model_of(study: Study, version: str) -> Model:
    """A registered version, its bytes checked.

    Raises:
        ValueError: if it is not there, or not what was registered.
    """
    registry = study.registry
    return Model(Scorer(registry.path(version), sha256=version), Evidence.of(registry, version))


def rivals_of(study: Study, challenger: str, champion: str | None) -> list[Rival]:
    """The champion, and the anchor: the version that the settings name, else the study's first champion."""
    if champion is None:
        return []
    found = [Rival(CHAMPION, model_of(study, champion))]
    title = f"{ANCHOR}, mean"
    try:
        text = study.settings.gate.anchor
        version = named(study, text) if text else study.registry.promotions()["model_version"][0]
        if version in (champion, challenger):
            who = CHAMPION if version == champion else CHALLENGER
            return [*found, Rival(ANCHOR, None, Check.not_judged(title, f"the {who} is the anchor"))]
        return [*found, Rival(ANCHOR, model_of(study, version))]
    except ValueError as error:
        words = f"{error}; or name another version under gate.anchor"
        return [*found, Rival(ANCHOR, None, Check.of(title, False, words))]


def case_of(study: Study, challenger: Model, rivals: Sequence[Rival], notes: Sequence[str]) -> Case | str:
    """The case of a challenger, or why it cannot be judged: it does not score the validation people."""
    held_out, gate = HeldOut.of(study), study.settings.gate
    min_count = study.settings.evaluation.min_count
    people = held_out.people()
    ours = file_scores(challenger, held_out.features)
    if isinstance(ours, str):
        return ours
    file = Predicted((ours,), challenger.evidence.seeds(people.targets[PERSON]))
    rows, check = not_learned(people, {CHALLENGER: challenger.evidence}, min_count)
    further = [check]
    alone, whose, against = file.of(rows), people.of(rows), list[Against]()
    folds = _folds(study, held_out, challenger)
    tasks = main_tasks(challenger.scorer.tasks)
    if folds is not None:
        against.append(_beside_folds(file, people, rows, challenger, [task.name for task in tasks]))
        whose, (alone,) = folds
    for rival in rivals:
        if rival.model is None:
            further += [rival.why] if rival.why else []
            continue
        common = Changes.between(challenger.scorer.tasks, rival.model.scorer.tasks).common
        beside, check = _beside(study, held_out, file, {CHALLENGER: challenger, rival.name: rival.model}, common)
        against += [beside] if beside else []
        further.append(check)
    further += limit_checks(study.registry, challenger.version, challenger.scorer, held_out.features, gate.limits)
    return Case(alone, whose, tasks, against, further, notes)


def _folds(study: Study, held_out: HeldOut, *models: Model) -> tuple[People, list[Predicted]] | None:
    if study.settings.split.kind != "folds":
        return None
    return out_of_fold(held_out.everyone(), *(model.evidence for model in models))


def _beside_folds(
    file: Predicted, people: People, rows: np.ndarray, challenger: Model, tasks: Sequence[str]
) -> Against:
    """The exported file beside what the same recipe says of its validation people out of fold: is the file sound?"""
    repeats = tuple(challenger.evidence.repeats(people.targets[PERSON]).values())
    known = rows.copy()
    for frame in repeats:
        known &= frame.to_series(0).is_not_null().to_numpy()
    recipe = Predicted(repeats, repeats).of(known)
    return Against(RECIPE, Predicted(file.frames).of(known), recipe, people.of(known), tasks, RARELY)


def _beside(
    study: Study, held_out: HeldOut, file: Predicted, models: dict[str, Model], common: Sequence[str]
) -> tuple[Against | None, Check]:
    """Challenger and another model on people that neither was trained on, and what to say of these people."""
    (_, challenger), (name, rival) = models.items()
    min_count = study.settings.evaluation.min_count
    folds = _folds(study, held_out, challenger, rival)
    if folds is not None:
        people, (ours, theirs) = folds
        words = (
            f"{count(people.n, min_count)} {people.whose}, {len(ours.frames)} repeats, each by networks of the others"
        )
        return Against(name, ours, theirs, people, common), Check.of(f"people, {name}", True, words)
    people = held_out.people()
    rows, check = not_learned(people, {each: model.evidence for each, model in models.items()}, min_count)
    scores = file_scores(rival, held_out.features)
    if isinstance(scores, str):
        then = said_then(rival.evidence, people.targets[PERSON])
        if then is None:
            words = f"not compared with the {name}, which cannot score them: {scores}"
            return None, Check.not_judged(f"{name}, mean", words)
        rows, theirs = rows & then[0], then[1]
        check = replace(check, words=f"{check.words}; the {name} by what it said when it was trained: {scores}")
    else:
        theirs = Predicted((scores,), rival.evidence.seeds(people.targets[PERSON]))
    if not rows.any():
        return None, Check.of(check.name, False, f"{check.words}; nobody is left")
    return Against(name, file.of(rows), theirs.of(rows), people.of(rows), common), check
