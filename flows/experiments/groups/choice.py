"""Groups of tasks that share a trunk: proposed from affinity, judged on validation people, written for params.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import yaml

from flows.fitting.names import ModelName
from flows.project.settings import Candidate, CompareSettings, StudySettings
from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import collect
from mtl_models.metrics.comparison import compare
from mtl_models.metrics.people import count_people
from mtl_models.metrics.replicates import replicate
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.settings import Component
from mtl_models.training.affinity import group_tasks

Groups = tuple[tuple[str, ...], ...]
PART = "valid"
PLAIN = "one trunk"
MOST = 4  # groups


def propose(lookahead: Mapping[str, Mapping[str, float]], tasks: Sequence[Task]) -> dict[str, Groups]:
    """The best partitions into 2, 3 and 4 groups by name, by mean help and by total help; main tasks alone decide.

    An auxiliary task then joins the group whose main tasks it helps most. What both criteria propose is named once.
    """
    main = [task.name for task in tasks if task.role == "main"]
    among = {name: {other: value for other, value in lookahead[name].items() if other in main} for name in main}
    found: dict[str, Groups] = {}
    for n in range(2, min(MOST, len(main)) + 1):
        for name, total in ((f"{n} groups", False), (f"{n} groups by total", True)):
            groups = _with_auxiliary(group_tasks(among, n, total=total), lookahead, tasks)
            if groups not in found.values():
                found[name] = groups
    return found


def _with_auxiliary(groups: Groups, lookahead: Mapping[str, Mapping[str, float]], tasks: Sequence[Task]) -> Groups:
    """The groups with every auxiliary task in the one whose main tasks it helps most."""
    joined = [list(group) for group in groups]
    # judged by the main tasks of each group, whatever the order of the auxiliary ones
    helped = dict(enumerate(groups))
    for task in tasks:
        if task.role != "main":
            joined[_most_helped(lookahead.get(task.name, {}), helped)].append(task.name)
    return tuple(tuple(group) for group in joined)


def _most_helped(onto: Mapping[str, float], groups: Mapping[int, tuple[str, ...]]) -> int:
    """The group that a task helps most on average, the first of equals."""
    return max(groups, key=lambda place: sum(onto.get(name, 0.0) for name in groups[place]) / len(groups[place]))


def base_model(settings: StudySettings) -> str:
    """Where in a study's block the model stands whose trunk is grouped: the comparison's base, if it names a trunk."""
    return "compare.base.model" if "trunk" in settings.compare.base.model else "model"


def plain_trunk(settings: StudySettings) -> dict[str, Any]:
    """The trunk of the study's plain network as a block of params; that of each group where it is grouped already."""
    trunk = settings.compare.base.model.get("trunk", settings.model.trunk)
    block = Component.model_validate(trunk).model_dump(mode="json")
    return dict(block.get("trunk") or {"name": "shared"}) if block["name"] == "grouped" else block


def grouped_trunk(settings: StudySettings, groups: Groups) -> dict[str, Any]:
    """The block of params that trains these groups, each with the trunk of the study's plain network."""
    return {"name": "grouped", "groups": [list(group) for group in groups], "trunk": plain_trunk(settings)}


def trial(settings: StudySettings, proposals: Mapping[str, Groups]) -> CompareSettings:
    """One trunk with its twins, and every proposal; a grouped network's twins are those of its plain trunk.

    They start from what all candidates of the study's comparison start from, and learn from labels: no teacher hides
    what sharing does.
    """
    labels = {"distillation": None}
    candidates = {PLAIN: Candidate(model={"trunk": plain_trunk(settings)}, training=labels, twins=True)}
    for name, groups in proposals.items():
        candidates[name] = Candidate(model={"trunk": grouped_trunk(settings, groups)}, training=labels)
    return settings.compare.model_copy(update={"candidates": candidates})


def judge(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """Gains of every grouping over one trunk for all and over single-task twins, task by task, and which one wins.

    The best mean gain wins if its interval lies above zero, else one trunk stays.
    """
    main = [task for task in tasks if task.role == "main"]
    sample = collect(predictions, targets, splits, main, part=PART)
    scores = replicate(sample, main, settings)
    rounding = Rounding(settings.digits, settings.confidence)
    shown = {task.name: count_people(task, sample).enough(settings.min_count) for task in main}
    runs: dict[str, Any] = {}
    twin = ModelName(PLAIN).twin.text
    for name in dict.fromkeys(predictions["model"]):
        if name == twin:
            continue
        runs[name] = {"over_twins": compare(main, scores[name], scores[twin], shown, rounding, is_twin=True)}
        if name != PLAIN:
            runs[name]["over_plain"] = compare(main, scores[name], scores[PLAIN], shown, rounding, is_twin=False)
    clear = [name for name in runs if name != PLAIN and runs[name]["over_plain"]["mean"]["verdict"] == "gain"]
    winner = max(clear, key=lambda name: float(runs[name]["over_plain"]["mean"]["value"]), default=PLAIN)
    return {
        "part": PART,
        "n_people": sample.n_persons,
        "confidence": settings.confidence,
        "n_resamples": sample.n_resamples,
        "seeds": sample.seeds[PLAIN],
        "hurt": [name for name, gain in runs[PLAIN]["over_twins"]["tasks"].items() if (gain["value"] or 0) < 0],
        "runs": runs,
        "winner": winner,
    }


def block(settings: StudySettings, groups: Groups) -> str:
    """The lines of params.yaml for the model that :func:`base_model` names."""
    trunk = grouped_trunk(settings, groups) if len(groups) > 1 else plain_trunk(settings)
    return str(yaml.safe_dump({"trunk": trunk}, sort_keys=False, default_flow_style=None, width=110))
