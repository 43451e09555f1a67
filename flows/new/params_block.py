"""The study's block of params.yaml, put behind the others as text: nothing else in the file changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from flows.new.asked import shown
from flows.new.marks import HERE, is_unchanged, marked
from flows.new.outcomes import PlannedTask
from flows.new.plan import Plan
from flows.new.source import NewStudyError
from flows.new.split import SPLIT
from flows.project.settings import FILE

_PLAIN = re.compile(r"[A-Za-z_][\w./ ()%+-]*(?<! )", re.ASCII)
_NOT_TEXT = {"yes", "no", "true", "false", "on", "off", "null", "y", "n"}
_BLOCK = """\
{name}:
  {mark}
  title: {title}
  # words for the page and the model file: when the prediction is made, what is known then, and for whom
  moment: {moment}
  population: {population}
  tasks:
{tasks}\
  # columns that come after that moment, hidden from every task
  known_later: []
  validation: {{max_reject_share: 0.02}}
  split: {{file: {split}, person: {key}, kind: fixed}}
  model: {{preset: shared_64_64}}
  training:
    device: cpu
    threads: 1
    epochs: 60
    batch_size: {batch_size}
    learning_rate: {learning_rate}
    weight_decay: 1.0e-1
    patience: 8
    ema: {ema}
    gradient_clip: 1.0
    seeds: [0, 1, 2]
  baselines: {{models: [single_task, linear, lightgbm, catboost]}}
  evaluation:
    replicates: 1000
  compare:
    candidates:
      shared: {{twins: true}}
      soft sharing: {{model: {{trunk: {{name: soft, widths: [32], dropout: 0.3, strength: 0.01}}}}}}
      uncertainty: {{training: {{balancing: {{name: uncertainty}}}}}}
      group sparsity: {{method: {{name: group_sparse}}, twins: true}}
  gate: {{replicates: 1000}}
  schedule: {{retrain: "{retrain}", score: "{score}", timezone: UTC}}
"""
_SMALL = {"batch_size": 64, "learning_rate": "4.0e-3", "ema": 0.9}
_MIDDLE = {"batch_size": 128, "learning_rate": "2.0e-3", "ema": 0.98}
_LARGE = {"batch_size": 512, "learning_rate": "3.0e-3", "ema": 0.98}


def block_of(plan: Plan, n_others: int) -> str:
    """The block, without the indent of the studies.

    Args:
        plan: of the study.
        n_others: studies that have their turn in the night before it.
    """
    size = _SMALL if plan.n_people < 1000 else _MIDDLE if plan.n_people < 20_000 else _LARGE
    text = _BLOCK.format(
        name=plan.study,
        mark=HERE,
        title=quoted(plan.request.title or plan.study),
        moment=quoted("When the columns that are no outcome are known."),
        population=quoted(f"People of the table {plan.person_table}"),
        tasks="".join(_task(task, plan) for task in plan.tasks),
        split=SPLIT,
        key=quoted(plan.request.key),
        retrain=_cron(1, n_others),
        score=_cron(4, n_others),
        **size,
    )
    return marked(text)


def _cron(hour: int, place: int) -> str:
    """Half an hour behind the study before it."""
    minutes = (hour * 60 + 30 * place) % (24 * 60)
    return f"{minutes % 60} {minutes // 60} * * *"


def _task(planned: PlannedTask, plan: Plan) -> str:
    task = planned.task
    lists = {
        "classes": task.classes,
        "labels": task.labels,
        "columns": tuple(shown(planned.places)),
        "leaks": tuple(shown(plan.leaks.get(task.name, ()))),
    }
    lines = [f"    - name: {task.name}", f"      title: {quoted(task.title)}", f"      kind: {task.kind}"]
    lines += [f"      unit: {quoted(task.unit)}"] if task.unit else []
    lines += [f"      {key}: [{', '.join(map(quoted, names))}]" for key, names in lists.items() if names]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text as YAML reads it as one, in a list too."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


def with_block(params: str, study: str, block: str) -> str:
    """The text of params.yaml with the block behind the last study, or in the place of its old one.

    Raises:
        NewStudyError: if that place cannot be told.
    """
    places = _blocks(params)
    before = yaml.safe_load(params)
    indent = min(column for _, _, column in places.values())
    lines = params.splitlines(keepends=True)
    text = "".join(f"{' ' * indent}{line}" if line.strip() else line for line in block.splitlines(keepends=True))
    start, end, _ = places[study] if study in places else (*[max(end for _, end, _ in places.values())] * 2, indent)
    if start and not lines[start - 1].endswith("\n"):
        lines[start - 1] += "\n"
    after = "".join([*lines[:start], text, *lines[end:]])
    expected = {**before, "studies": {**before["studies"], study: yaml.safe_load(block)[study]}}
    if yaml.safe_load(after) != expected:
        raise NewStudyError(f"{FILE}: a block cannot be put behind the others: write `studies` last, one key a line")
    return after


def is_own_block(params: str, study: str) -> bool:
    """Whether the study's block was written here and not changed since."""
    start, end, column = _blocks(params)[study]
    lines = params.splitlines(keepends=True)[start:end]
    return is_unchanged("".join(line[column:] if line.strip() else line for line in lines))


def _blocks(params: str) -> Mapping[str, tuple[int, int, int]]:
    """First line, line behind the last one, and indent of every study's block."""
    root: Any = yaml.compose(params, yaml.SafeLoader)
    studies = next(value for key, value in root.value if key.value == "studies")
    if studies.flow_style:
        raise NewStudyError(f"{FILE}: `studies` stands in braces: write it with one key a line")
    lines = params.splitlines()
    found = {}
    for key, value in studies.value:
        end = value.end_mark.line + (value.end_mark.column > key.start_mark.column)
        while end > key.start_mark.line + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        found[str(key.value)] = (key.start_mark.line, end, key.start_mark.column)
    return found
