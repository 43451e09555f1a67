"""The task record: the one description of an outcome that heads, losses, metrics, outputs and columns derive from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

Kind = Literal["regression", "binary", "multiclass", "ordinal", "multilabel"]
Role = Literal["main", "auxiliary"]
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def slug(text: str) -> str:
    """Lower-case ``text`` with everything but letters and digits turned into single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One outcome to predict.

    Attributes:
        name: identifier in columns and outputs; lower case, no double underscore.
        kind: regression, binary, multiclass, ordinal (classes in order) or multilabel.
        columns: the source columns, ``TABLE.COLUMN``, that the target is derived from. No task may see them.
        title: words for a reader.
        unit: unit of a regression target.
        classes: names of the classes, for multiclass and ordinal.
        labels: names of the labels, for multilabel.
        leaks: further source columns (``TABLE.COLUMN``, or ``TABLE.*``) that give the answer away.
        weight: factor on this task's loss.
        role: ``main`` tasks are scored; ``auxiliary`` ones are trained on and never scored.
        threshold: probability from which a binary outcome or a label is predicted.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...] = ()
    title: str = ""
    unit: str = ""
    classes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    weight: float = 1.0
    role: Role = "main"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or "__" in self.name:
            raise ValueError(f"task name {self.name!r}: use lower-case letters, digits and single underscores")
        if self.kind not in get_args(Kind):
            raise ValueError(f"task {self.name}: kind {self.kind!r} is none of {', '.join(get_args(Kind))}")
        if self.role not in get_args(Role):
            raise ValueError(f"task {self.name}: role {self.role!r} is none of {', '.join(get_args(Role))}")
        for what, names, needed in (
            ("classes", self.classes, self.kind in ("multiclass", "ordinal")),
            ("labels", self.labels, self.kind == "multilabel"),
        ):
            if needed != bool(names):
                raise ValueError(f"task {self.name}: a {self.kind} task {'needs' if needed else 'takes no'} {what}")
            if len({slug(name) for name in names}) != len(names):
                raise ValueError(f"task {self.name}: {what} are not distinct")
        if len(self.classes) == 1:
            raise ValueError(f"task {self.name}: a class needs an alternative")
        if not 0 < self.threshold < 1:
            raise ValueError(f"task {self.name}: threshold {self.threshold} is not between 0 and 1")
        if not self.weight > 0:
            raise ValueError(f"task {self.name}: weight {self.weight} is not above 0")

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Task:
        """Build a task from a mapping such as a block of ``params.yaml``.

        Raises:
            ValueError: for an unknown key or a record that breaks a rule above.
        """
        known = {field.name for field in fields(cls)}
        if unknown := set(record) - known:
            raise ValueError(f"task {record.get('name', '?')}: unknown key {', '.join(sorted(unknown))}")
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in record.items()}
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types; ``from_dict`` gives the same task back."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Columns of the target table: the task's name, or one ``<task>__<label>`` a label.

        Regression targets are numbers in the task's unit, binary ones and labels 0 or 1, classes an index into
        ``classes``; null where the label is missing.
        """
        if self.kind == "multilabel":
            return tuple(f"{self.name}__{slug(label)}" for label in self.labels)
        return (self.name,)

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """Columns that hold the prediction: the value of a regression, else one probability an output."""
        if self.kind == "regression":
            return (self.name,)
        if self.kind == "binary":
            return (f"{self.name}__p",)
        return tuple(f"{self.name}__p_{slug(name)}" for name in self.classes or self.labels)

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
