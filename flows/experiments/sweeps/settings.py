"""sweeps/params.yaml as typed settings: what is varied, on which data, with which networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from flows.fitting.names import ModelName
from flows.project.settings import read_studies
from flows.project.yaml_file import YamlFile, read_yaml
from flows.study.load import load_settings
from flows.study.naming.parts import model_faults, training_faults
from mtl_models.data.synthetic import TASKS, HintOptions, PairOptions
from mtl_models.metrics.settings import REPLICATES
from mtl_models.settings import ModelSettings, Options, TrainingSettings, parse_settings
from mtl_models.wording import SettingsError, unknown

FILE = "sweeps/params.yaml"
BLOCKS = ("synthetic", "studies")
SHARED = ModelName("shared")  # the network of all tasks
COLUMNS = {SHARED: "shared", SHARED.twin: "alone"}  # in the record of a sweep: error of the network, and of its twins


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
    replicates: int = Field(default=REPLICATES, ge=100)

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


def sweep_names(root: Path) -> list[str]:
    """Names of the sweeps of sweeps/params.yaml."""
    return [name for name, _ in _records(_read(root))]


def load_sweep(root: Path, name: str) -> SweepSettings:
    """The settings of one sweep; a fault of another one does not matter.

    Raises:
        SettingsError: if there is none of that name or two, or with a sentence for every fault in it.
    """
    file = _read(root)
    found = [(block, record) for known, (block, record) in _records(file) if known == name]
    if not found:
        raise SettingsError([f"{FILE} has no sweep {name!r}: {unknown(name, sweep_names(root))}"])
    if len(found) > 1:
        raise SettingsError([f"{FILE}: two sweeps are called {name}"])
    block, record = found[0]
    where = f"{FILE}: {block}.{name}"
    if faults := file.faults_in(block, name):
        raise SettingsError(faults)
    if not isinstance(record, Mapping):
        raise SettingsError([f"{where}: must be a block of keys"])
    sweep = parse_settings(SweepSettings, record, where=where)
    faults = [f"{where}.{fault}" for fault in _name_faults(sweep, root)]
    if (sweep.data.family == "study") != (block == "studies"):
        faults.append(f"{where}: a sweep of {sweep.data.family} data stands elsewhere")
    if faults:
        raise SettingsError(faults)
    return sweep


def _read(root: Path) -> YamlFile:
    file = read_yaml(root / FILE, FILE)
    if wrong := [key for key in file.content if key not in BLOCKS]:
        raise SettingsError(f"{FILE}: {unknown(key, BLOCKS)}" for key in wrong)
    return file


def _records(file: YamlFile) -> list[tuple[str, tuple[str, Any]]]:
    """Name, block and content of every sweep of the file."""
    blocks = {block: file.content.get(block) or {} for block in BLOCKS}
    if wrong := [block for block, records in blocks.items() if not isinstance(records, Mapping)]:
        raise SettingsError(f"{FILE}: {block}: must be a block of keys" for block in wrong)
    return [(str(name), (block, record)) for block, records in blocks.items() for name, record in records.items()]


def _name_faults(sweep: SweepSettings, root: Path) -> list[str]:
    """Names of parts, studies and tasks that there are not."""
    faults = model_faults(sweep.model, "model", options=False) + training_faults(
        sweep.training, "training", options=False
    )
    if isinstance(sweep.data, StudyData):
        studies = read_studies(root)
        if sweep.data.study not in studies:
            return [*faults, f"data.study: {unknown(sweep.data.study, studies)}"]
        tasks = [task.name for task in load_settings(root, sweep.data.study, depth="block").task_records]
        named = {"data.task": sweep.data.task}
        named |= {f"lines.{name}.data.task": str(line.data.get("task", tasks[0])) for name, line in sweep.lines.items()}
        faults += [f"{place}: {unknown(task, tasks)}" for place, task in named.items() if task not in tasks]
    return faults


def stage_of(name: str, sweep: SweepSettings) -> str:
    """The stage of sweeps/dvc.yaml that runs a sweep."""
    return f"sweeps/dvc.yaml:{'study' if sweep.data.family == 'study' else 'synthetic'}@{name}"
