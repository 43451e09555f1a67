"""The task record: the one description of an outcome that heads, losses, metrics, outputs and columns derive from."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from mtl_models.kinds import KINDS
from mtl_models.kinds.rules import NO_RULE, Decide, decide_fault
from mtl_models.wording import SettingsError, slug, type_fault, unknown

Role = Literal["main", "auxiliary"]
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One outcome to predict.

    Attributes:
        name: identifier in columns and outputs; lower case, no double underscore.
        kind: the name of one of :data:`mtl_models.kinds.KINDS`, which says all that follows from it.
        columns: the source columns, ``TABLE.COLUMN``, that the target is derived from. No task may see them.
        title: words for a reader.
        unit: unit of a regression target.
        classes: names of the classes, for multiclass and ordinal.
        labels: names of the labels, for multilabel.
        leaks: further source columns (``TABLE.COLUMN``, or ``TABLE.*``) that give the answer away.
        weight: factor on this task's loss.
        role: ``main`` tasks are scored; ``auxiliary`` ones are trained on and never scored.
        threshold: probability from which a binary outcome or a label is predicted, where ``decide`` names no rule.
        decide: the rule by which what is predicted follows from the probabilities, one of
            :data:`mtl_models.kinds.rules.RULES`; in a record its name, or ``{name: number}``.
    """

    name: str
    kind: str
    columns: tuple[str, ...] = ()
    title: str = ""
    unit: str = ""
    classes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    weight: float = 1.0
    role: Role = "main"
    threshold: float = 0.5
    decide: Decide = NO_RULE

    def __post_init__(self) -> None:
        if faults := task_faults(self.to_dict()):
            raise SettingsError(f"task {self.name}: {fault}" for fault in faults)
        object.__setattr__(self, "decide", Decide.parse(self.decide))

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Task:
        """Build a task from a mapping such as a block of ``params.yaml``.

        Raises:
            SettingsError: for an unknown key or a record that breaks a rule, with every fault.
        """
        if faults := task_faults(record):
            name = record.get("name", "?") if isinstance(record, Mapping) else "?"
            raise SettingsError(f"task {name}: {fault}" for fault in faults)
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in record.items()}
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types; ``from_dict`` gives the same task back."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["decide"] = self.decide.plain() if isinstance(self.decide, Decide) else self.decide
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Columns of the target table: the task's name, or one ``<task>__<label>`` a label.

        A number is in the task's unit, what a person has or has not is 1 or 0, a class is its place in ``classes``;
        null where the label is missing.
        """
        return KINDS[self.kind].target_columns(self)

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """Columns that hold the prediction: the value of a number, else one probability an output."""
        return KINDS[self.kind].prediction_columns(self)

    @property
    def n_outputs(self) -> int:
        """Number of prediction columns."""
        return len(self.prediction_columns)


def load_tasks(records: Iterable[Mapping[str, Any]]) -> tuple[Task, ...]:
    """Tasks from their records, names distinct.

    Raises:
        ValueError: for a bad record, no task at all, or two tasks of one name.
    """
    tasks = tuple(Task.from_dict(record) for record in records)
    names = [task.name for task in tasks]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"tasks need distinct names, found {', '.join(names) or 'none'}")
    return tasks


_TEXTS = ("name", "kind", "title", "unit", "role")
_LISTS = ("columns", "classes", "labels", "leaks")
_NUMBERS = ("weight", "threshold")


def task_faults(record: Any) -> list[str]:
    """What is wrong with a task's record, key by key: ``key: what``; nothing if it is sound."""
    if not isinstance(record, Mapping):
        return [type_fault(record, "a block of keys")]
    keys = [*_TEXTS, *_LISTS, *_NUMBERS, "decide"]
    faults = [f"{key}: {unknown(key, keys, 'key')}" for key in record if key not in keys]
    faults += [f"{key}: is missing" for key in ("name", "kind") if key not in record]
    wrong = {key: fault for key in keys if key in record and (fault := _type_fault(key, record[key]))}
    faults += [f"{key}: {fault}" for key, fault in wrong.items()]
    rules: dict[str, Callable[[Any], str | None]] = {
        "name": _name_fault,
        "kind": _kind_fault,
        "role": _role_fault,
        "weight": _weight_fault,
    }
    rules["threshold"] = _threshold_fault
    faults += [
        f"{key}: {fault}"
        for key, rule in rules.items()
        if key in record and key not in wrong and (fault := rule(record[key]))
    ]
    if "kind" not in wrong and (kind := record.get("kind")) in KINDS:
        faults += [
            f"{key}: {fault}"
            for key in ("classes", "labels")
            if key not in wrong and (fault := _names_fault(str(kind), key, record.get(key, ())))
        ]
        if fault := decide_fault(record.get("decide", ""), KINDS[str(kind)].rules):
            faults.append(f"decide: {fault}")
    return faults


def _type_fault(key: str, value: Any) -> str | None:
    if key in _TEXTS:
        return None if isinstance(value, str) else type_fault(value, "text")
    if key == "decide":
        return None
    if key in _NUMBERS:
        sound = isinstance(value, int | float) and not isinstance(value, bool)
        return None if sound else type_fault(value, "a number")
    if not isinstance(value, list | tuple):
        return type_fault(value, "a list of texts")
    return next((f"item {i + 1} {type_fault(v, 'text')}" for i, v in enumerate(value) if not isinstance(v, str)), None)


def _name_fault(name: str) -> str | None:
    sound = _NAME.fullmatch(name) and "__" not in name
    return None if sound else f"{name!r}: use lower-case letters, digits and single underscores"


def _kind_fault(kind: str) -> str | None:
    return None if kind in KINDS else unknown(kind, KINDS)


def _role_fault(role: str) -> str | None:
    return None if role in get_args(Role) else unknown(role, get_args(Role))


def _weight_fault(weight: float) -> str | None:
    return None if 0 < weight < float("inf") else "must be above 0 and finite"


def _threshold_fault(threshold: float) -> str | None:
    return None if 0 < threshold < 1 else "must lie between 0 and 1"


def _names_fault(kind: str, key: str, names: Collection[str]) -> str | None:
    """What is wrong with the names of classes or labels for a task of that kind."""
    needed = KINDS[kind].names == key
    if needed != bool(names):
        return f"a {kind} task {'needs them' if needed else 'takes none'}"
    slugs = [slug(name) for name in names]
    if "" in slugs:
        return "each needs a letter a to z or a digit"
    if len(set(slugs)) != len(slugs):
        return "two are the same but for case and signs"
    return "there is one, and it needs an alternative" if key == "classes" and len(slugs) == 1 else None
