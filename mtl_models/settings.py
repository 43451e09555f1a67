"""Settings of a network and of its training, from a study's blocks in params.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator

from mtl_models.faults import validation_faults
from mtl_models.wording import SettingsError, type_fault, unknown

Settings = TypeVar("Settings", bound=BaseModel)


class Options(BaseModel):
    """Base of all settings: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Component(Options):
    """One exchangeable part by its name in a registry; every other key is an option of that part.

    The part's own ``Options`` class checks the options when the network is built.
    """

    name: str
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, Mapping) and "options" not in value:
            named = {"name": value["name"]} if "name" in value else {}
            return {**named, "options": {k: v for k, v in value.items() if k != "name"}}
        return value

    @model_serializer
    def _flatten(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}


class PreprocessSettings(Options):
    """How numbers are scaled: ``standard`` (mean, deviation) or ``robust`` (median, quartiles), then clipped."""

    scaling: str = Field(default="standard", pattern="^(standard|robust)$")
    clip: float = Field(default=5.0, gt=0)


class HeadSettings(Options):
    """Hidden layers of the heads; ``tasks`` overrides ``widths`` for the tasks that it names."""

    widths: tuple[int, ...] = ()
    tasks: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    dropout: float = Field(default=0.0, ge=0, lt=1)

    def widths_of(self, task: str) -> tuple[int, ...]:
        """Hidden layer widths of a task's head."""
        return self.tasks.get(task, self.widths)


class ModelSettings(Options):
    """The network: preprocessing, encoder, trunk and heads.

    Attributes:
        view: ``core``, every task sees what none must not see; ``own``, each sees all that it may.
        domains: the feature domains that it reads; all if none is named.
    """

    view: Literal["core", "own"] = "core"
    domains: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    preprocess: PreprocessSettings = PreprocessSettings()
    encoder: Component = Component(name="plain")
    trunk: Component = Component(name="shared")
    heads: HeadSettings = HeadSettings()

    def task_faults(self, tasks: Iterable[str]) -> list[str]:
        """Settings of heads and groups for a task that the study lacks; not asked for a part of the tasks."""
        known = list(tasks)
        faults = [f"model.heads.tasks: {unknown(name, known)}" for name in self.heads.tasks if name not in known]
        return faults + [
            f"model.trunk.groups: {fault}" for fault in _group_faults(self.trunk.options.get("groups", []), known)
        ]


def _group_faults(groups: Any, known: list[str]) -> list[str]:
    lists = isinstance(groups, list | tuple) and all(isinstance(group, list | tuple) for group in groups)
    if not lists or not all(isinstance(name, str) for group in groups for name in group):
        return ["must be a list of lists of task names"]
    faults = [unknown(name, known) for group in groups for name in group if name not in known]
    if twice := repeated_task(groups):
        faults.append(f"{twice} is named twice: a task belongs to one group")
    return faults


def repeated_task(groups: Iterable[Iterable[str]]) -> str | None:
    """The first task that groups name twice."""
    seen: set[str] = set()
    for name in (name for group in groups for name in group):
        if name in seen:
            return name
        seen.add(name)
    return None


_EQUAL = Component(name="equal")


class DistillationSettings(Options):
    """A teacher for the network, which then learns the teacher's outputs and no labels.

    Attributes:
        model, training: what differs in the teacher's networks; parts of the model and keys of training are replaced.
        networks: how many of them, from seeds of their own.
        boosters: baselines by name that teach as well, a model an outcome.
        booster_settings: what differs in the boosters from the study's baselines, a block a booster.
        booster_share: their share of what is taught; 1 less it is the networks'.
        rows: how many rows are made by swapping columns between training people.
        swap: largest chance of a column of a row to come from somebody else; a row draws its own from 0 to this.
        blanked: share of the rows that lack whole tables, each with the chance ``blank_tables``; boosters do not teach
            there.
    """

    model: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    networks: int = Field(default=3, ge=1)
    boosters: tuple[str, ...] = ()
    booster_settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    booster_share: float = Field(default=0.4, ge=0, le=1)
    rows: int = Field(default=40_000, ge=1)
    swap: float = Field(default=0.4, ge=0, le=1)
    blanked: float = Field(default=0.3, ge=0, le=1)
    blank_tables: float = Field(default=0.15, ge=0, lt=1)


class StreamingSettings(Options):
    """Training rows read in shards: how many rows are in memory at once.

    Attributes:
        buffer_rows: among which training rows are shuffled.
        sample_rows: drawn from the training rows; means, quantiles, categories and base rates are theirs.
        valid_rows: drawn from the validation rows; they say which epoch is kept.
        test_rows: of a study in the pipeline, drawn from the test rows; the figures are theirs.
    """

    buffer_rows: int = Field(default=65_536, ge=1)
    sample_rows: int = Field(default=50_000, ge=3)
    valid_rows: int = Field(default=50_000, ge=1)
    test_rows: int = Field(default=100_000, ge=1)

    def of_part(self, part: str) -> int:
        """The most rows of a part that are drawn."""
        return {"train": self.sample_rows, "valid": self.valid_rows, "test": self.test_rows}[part]


class TrainingSettings(Options):
    """The training run.

    Attributes:
        device: ``cpu``, ``cuda`` or whatever torch accepts.
        threads: threads of torch on the CPU; another count gives other last bits.
        epochs: the most epochs.
        patience: epochs without a better validation score before training stops.
        ema: decay a step of the averaged weights that are validated and kept; 0 keeps the last weights.
        gradient_clip: largest norm of the gradient; 0 leaves it as it is.
        seeds: a network is trained for each; the first is the one to export.
        balancing: how much each task moves what the tasks share.
        blank_tables: chance of each source table of each row to be taken away in a step, so that one set of weights
            scores people for whom a table has not arrived.
        stop: ``joint``, one epoch for all tasks, or ``own``, the best epoch of each; then one file holds a network for
            each of these epochs, and scoring costs as many passes.
        measure_affinity: measure gradient conflict and lookahead affinity of the tasks in every step, at the cost of
            about one forward and one backward pass a task; ``valid`` looks ahead on validation rows, not on the batch.
        distillation: learn from a teacher instead of from the labels.
        precision: of forward and backward passes. ``bfloat16`` is autocast: weights, losses, the optimiser's step and
            validation stay in float32.
        stream: read training rows in shards, so that they need not fit into memory.
        calibrate: correct each head by shift and slope where validation people ask for it beyond chance
            (:mod:`mtl_models.training.calibration`); the teachers' networks are left as they are.
        optimizer: ``adamw``, or ``fused_adamw``, the same steps in one pass over the weights, with other last bits.
    """

    device: str = "cpu"
    threads: int = Field(default=1, ge=1)
    epochs: int = Field(default=100, ge=1)
    batch_size: int = Field(default=256, ge=1)
    learning_rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    patience: int = Field(default=15, ge=1)
    ema: float = Field(default=0.99, ge=0, lt=1)
    gradient_clip: float = Field(default=1.0, ge=0)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    blank_tables: float = Field(default=0.0, ge=0, lt=1)
    # the defaults are left out of the dump, so that params without these keys keep their hash
    balancing: Component = Field(default=_EQUAL, exclude_if=lambda value: value == _EQUAL)
    stop: Literal["joint", "own"] = Field(default="joint", exclude_if=lambda value: value == "joint")
    measure_affinity: bool | Literal["valid"] = Field(default=False, exclude_if=lambda value: not value)
    distillation: DistillationSettings | None = Field(default=None, exclude_if=lambda value: value is None)
    precision: Literal["float32", "bfloat16"] = Field(default="float32", exclude_if=lambda value: value == "float32")
    calibrate: bool = Field(default=False, exclude_if=lambda value: not value)
    optimizer: Literal["adamw", "fused_adamw"] = Field(default="adamw", exclude_if=lambda value: value == "adamw")

    stream: StreamingSettings | None = Field(default=None, exclude_if=lambda value: value is None)

    @model_validator(mode="after")
    def _streams_what_can(self) -> TrainingSettings:
        if self.stream is not None and self.distillation is not None:
            raise ValueError(
                "`stream` and `distillation` do not go together: a teacher needs its people in memory; leave one out"
            )
        return self

    @property
    def seed(self) -> int:
        """The seed of the network that is exported."""
        return self.seeds[0]

    def teacher(self, model: ModelSettings) -> tuple[ModelSettings, TrainingSettings]:
        """Settings of the teacher's networks; those of the network itself where it is not distilled.

        Raises:
            ValueError: for a key or value of ``distillation`` that no part understands.
        """
        if self.distillation is None:
            return model, self
        where, plain = "training.distillation", self.model_dump(exclude={"distillation"})
        return (
            parse_settings(ModelSettings, {**model.model_dump(), **self.distillation.model}, where=f"{where}.model"),
            parse_settings(TrainingSettings, {**plain, **self.distillation.training}, where=f"{where}.training"),
        )

    def task_faults(self, tasks: Iterable[str]) -> list[str]:
        """Balancing weights for a task that the study lacks; not asked for a part of the tasks."""
        known, named = list(tasks), self.balancing.options.get("weights", {})
        if not isinstance(named, Mapping):
            return [f"training.balancing.weights: {type_fault(named, 'a block of keys')}"]
        return [f"training.balancing.weights: {unknown(name, known)}" for name in named if name not in known]


def parse_settings(kind: type[Settings], record: Mapping[str, Any] | None, *, where: str) -> Settings:
    """Settings of ``kind`` from a mapping, such as YAML gives; a number as text is no number.

    Raises:
        SettingsError: with a sentence for every key at fault: ``where``, the key, and its rule.
    """
    try:
        # as JSON: there a list is a tuple, and still nothing else is taken for what it is not
        return kind.model_validate_json(json.dumps({} if record is None else record, default=_plain), strict=True)
    except ValidationError as error:
        raise SettingsError(validation_faults(error, where, kind)) from None


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)
