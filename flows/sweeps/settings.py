"""sweeps/params.yaml as typed settings: what is varied, on which data, with which networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from mtl_models.settings import ModelSettings, Options, TrainingSettings
from mtl_models.synthetic import TASKS, HintOptions, PairOptions

FILE = "sweeps/params.yaml"
BLOCKS = ("synthetic", "studies")
SHARED, ALONE = "shared", "alone"  # the network of all tasks, and the single-task twins


class PairData(PairOptions):
    """Two made-up tasks of a set cosine."""

    family: Literal["pair"]


class HintData(HintOptions):
    """Two made-up tasks that share an interaction."""

    family: Literal["hint"]


class StudyData(Options):
    """A study's people, of whom a share has lost the label of one task in training.

    What is measured is measured on validation people; the test part is not read.
    """

    family: Literal["study"]
    study: str
    task: str
    missing: float = Field(default=0.0, ge=0, lt=1)


Data = Annotated[PairData | HintData | StudyData, Field(discriminator="family")]


class LineSettings(Options):
    """One line of a sweep's plot: what differs from the sweep's own data and networks.

    Attributes:
        data: keys of the data that are replaced.
        model: parts of the model that are replaced whole.
        task: the made-up task that is reported; by default both, as the mean of their gains.
    """

    data: dict[str, Any] = Field(default_factory=dict)
    model: dict[str, Any] = Field(default_factory=dict)
    task: str | None = None


class SweepSettings(Options):
    """One sweep.

    Attributes:
        title, question: words for the page.
        axis: what is varied, in words; ``form`` says how its values are written and spaced.
        vary: the key of ``data`` that takes one of ``values`` after the other.
        contrast: two of the values whose gains are compared; by default the first and the last.
        data: who is learned on; a synthetic family is drawn again with every seed.
        model, training: the networks; a line may replace parts. ``training.seeds`` are the repetitions.
        replicates: resamples of the bootstrap over people and seeds.
    """

    title: str
    question: str
    axis: str
    form: Literal["number", "percent", "log"] = "number"
    vary: str
    values: tuple[float, ...] = Field(min_length=2)
    contrast: tuple[float, float] | None = None
    data: Data
    lines: dict[str, LineSettings] = Field(min_length=1, max_length=4)
    model: ModelSettings
    training: TrainingSettings
    replicates: int = Field(default=1000, ge=100)

    @model_validator(mode="after")
    def _require_known(self) -> SweepSettings:
        if self.vary not in type(self.data).model_fields:
            raise ValueError(f"vary: {self.vary} is no key of {self.data.family} data")
        known = () if self.data.family == "study" else TASKS
        for name, line in self.lines.items():
            if line.task is not None and line.task not in known:
                raise ValueError(f"lines.{name}.task: give {' or '.join(known) or 'data.task instead'}")
        if list(self.values) != sorted(set(self.values)):
            raise ValueError("values: give each once, in rising order")
        if unknown := set(self.ends) - set(self.values):
            raise ValueError(f"contrast: {', '.join(f'{each:g}' for each in sorted(unknown))} is none of the values")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """The two values whose gains are compared."""
        return self.contrast or (self.values[0], self.values[-1])


def load_sweeps(root: Path) -> dict[str, SweepSettings]:
    """Every sweep of sweeps/params.yaml by name.

    Raises:
        ValueError: for a key that is unknown, missing or of the wrong kind, or two sweeps of one name.
    """
    blocks = yaml.safe_load((root / FILE).read_text()) or {}
    if unknown := set(blocks) - set(BLOCKS):
        raise ValueError(f"{FILE}: unknown key {', '.join(sorted(unknown))}; there are {', '.join(BLOCKS)}")
    sweeps: dict[str, SweepSettings] = {}
    for block in BLOCKS:
        for name, record in (blocks.get(block) or {}).items():
            if name in sweeps:
                raise ValueError(f"{FILE}: two sweeps are called {name}")
            try:
                sweeps[name] = SweepSettings.model_validate(record)
            except ValidationError as error:
                first = error.errors(include_input=False)[0]
                where = ".".join(str(part) for part in (block, name, *first["loc"]))
                raise ValueError(f"{FILE}: {where}: {first['msg']}") from None
            if (sweeps[name].data.family == "study") != (block == "studies"):
                raise ValueError(f"{FILE}: {block}.{name}: a sweep of {sweeps[name].data.family} data stands elsewhere")
    return sweeps


def load_sweep(root: Path, name: str) -> SweepSettings:
    """The settings of one sweep.

    Raises:
        ValueError: if there is none of that name.
    """
    sweeps = load_sweeps(root)
    if name not in sweeps:
        raise ValueError(f"{FILE} has no sweep {name!r}; it has {', '.join(sweeps)}")
    return sweeps[name]


def stage_of(name: str, sweep: SweepSettings) -> str:
    """The stage of sweeps/dvc.yaml that runs a sweep."""
    return f"sweeps/dvc.yaml:{'study' if sweep.data.family == 'study' else 'synthetic'}@{name}"
