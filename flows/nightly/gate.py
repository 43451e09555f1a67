"""The gate between challenger and champion: every check of the exported model, alone and beside other models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.nightly.judging.absolute import FIGURES, absolute_checks
from flows.nightly.judging.checks import Check, Verdict
from flows.nightly.judging.compared import Compared, Rules, compared
from flows.nightly.judging.predicted import People, Predicted
from flows.nightly.judging.subgroups import subgroup_checks
from flows.report.words import listing
from mtl_models.data.tasks import Task

CHAMPION, ANCHOR, RECIPE = "champion", "anchor", "file beside its folds"
RARELY = 0.1  # a tenth of the chance: the file is looked at for being broken, not for being a little worse


@dataclass(frozen=True)
class Against:
    """Another model beside the challenger, on people that neither was trained on.

    Attributes:
        name: champion, anchor, or what else it is.
        common: names of the tasks that both predict in the same way; the others have nothing to be compared with.
        share: of the chance of refusing the same recipe, see :class:`Rules`.
        same_network: whether both have the same network, so that no training stands between them.
    """

    name: str
    ours: Predicted
    theirs: Predicted
    people: People
    common: Sequence[str]
    share: float = 1.0
    same_network: bool = False


@dataclass(frozen=True)
class Case:
    """All that the gate is shown of a challenger.

    Attributes:
        alone: what it says of ``people``.
        tasks: its main tasks.
        against: the models to compare it with, the champion first; none for a first model.
        further: checks that were made elsewhere: of the file, of people, of what cannot be compared.
        notes: what else is to be said, a phrase each.
    """

    alone: Predicted
    people: People
    tasks: Sequence[Task]
    against: Sequence[Against] = ()
    further: Sequence[Check] = ()
    notes: Sequence[str] = ()


def judge(case: Case, rules: Rules) -> Verdict:
    """Judge a challenger.

    Every task must have a figure on the people, whether there is a champion or not: where they have one class or value
    only, or no label, nobody knows whether the challenger is any good. Beside the champion, and beside the anchor, it
    must not be worse by a margin in the mean and in any task, for which chance has its part: see
    :func:`mtl_models.metrics.noninferiority.non_inferiority`.
    """
    checks = absolute_checks(case.alone, case.people, case.tasks, rules.gate, rules.evaluation)
    gains: dict[str, Any] = {}
    leading = FIGURES
    for other in case.against:
        tasks = [task for task in case.tasks if task.name in other.common]
        if not tasks:
            checks.append(Check.not_judged(f"{other.name}, mean", "no task of both"))
            continue
        mine = replace(rules, share=other.share, same_network=other.same_network)
        found: Compared = compared(other.name, other.ours, other.theirs, other.people, tasks, mine)
        checks += found.checks
        if other.name == CHAMPION:
            gains, leading = found.gains, f"{CHAMPION}, mean"
            checks += subgroup_checks(other.ours, other.theirs, other.people, tasks, mine)
    verdict = Verdict.of([*checks, *case.further], case.people.n, gains, leading)
    notes = list(case.notes)
    champion = next((each for each in case.against if each.name == CHAMPION), None)
    if champion and (new := [task.name for task in case.tasks if task.name not in champion.common]):
        notes.append(f"nothing to compare {listing(new)} with")
    words = "; ".join([verdict.words, *notes])
    return Verdict(verdict.passes, words, verdict.n, verdict.gains, verdict.checks)
