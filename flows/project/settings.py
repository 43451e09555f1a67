"""params.yaml as typed settings: unknown or missing keys are errors that name the key."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flows.project.card_settings import CardSettings
from flows.project.gate_settings import GateSettings
from flows.project.hashing import digest
from flows.project.night import AbsenceSettings, NightSettings
from flows.project.published import PublishedSettings
from flows.project.update_settings import UpdateSettings
from flows.project.watch_settings import WatchSettings
from flows.project.yaml_file import YamlFile, read_yaml
from mtl_models.baselines.settings import BaselineSettings
from mtl_models.data.tasks import Task, load_tasks
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.settings import Component, ModelSettings, TrainingSettings
from mtl_models.wording import SettingsError, unknown

Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ValidationSettings(_Settings):
    """What a validation may lose before it stops a run, in training and at night.

    Attributes:
        max_reject_share: of a table's rows, the share that may be rejected. More always stops the run.
        max_nulled_share: of a column's values, the share that may be emptied for a broken rule, above the share of the
            training data.
        max_empty_share: of the values that the training data let expect in a column, the share that may be empty.
        allowance: so many rows of a table, or cells of a column, are never too many, however few people there are.
        exempt: columns (``TABLE.COLUMN``, ``TABLE.*``) that the limits on nulled and empty cells leave alone.
        floods: whether a column beyond its limits stops the run, or is only said wherever the run is shown.
    """

    max_reject_share: Share = 0.02
    max_nulled_share: Share = 0.02
    max_empty_share: Share = 0.2
    allowance: int = Field(default=2, ge=0)
    exempt: tuple[str, ...] = ()
    floods: Literal["stop", "say"] = "stop"


class SplitSettings(_Settings):
    """Where the split is written down: ``fixed`` has a column ``split``, ``folds`` a fold number for each repeat."""

    file: str
    person: str
    kind: Literal["fixed", "folds"]

    @property
    def beside_tables(self) -> tuple[str, ...]:
        """What lies among the study's raw tables because of the split: its file, or the folder of its file."""
        return Path(self.file).parts[:1]


class ComparisonSettings(BaselineSettings):
    """What the model is compared with, by name, and options of the baselines.

    Attributes:
        models: names of baselines; ``single_task`` is the same network with one task.
        twin_seeds: from how many of the training's seeds ``single_task`` is fitted; all if left out.
        booster_seeds: from how many seeds a booster is fitted, beginning with the training's first; one seed alone can
            be its best or its worst.
    """

    models: tuple[str, ...] = ("single_task", "linear", "lightgbm")
    twin_seeds: int | None = Field(default=None, ge=1)
    booster_seeds: int = Field(default=5, ge=1)


class Candidate(_Settings):
    """One candidate of a comparison: what differs from the study's own model and training.

    Attributes:
        model: parts of the model that are replaced whole.
        training: keys of training that are replaced.
        tasks: the tasks to learn; all of the study if none is named.
        auxiliary: names of the study's further tasks to learn beside them.
        from_base: start from the comparison's ``base``, not from the study's own settings.
        method: a joint model, by its name and options, that is fitted instead of a network.
        twins: also train the candidate's single-task twins, same network and budget, or the same method.
    """

    model: dict[str, Any] = {}
    training: dict[str, Any] = {}
    tasks: tuple[str, ...] = ()
    auxiliary: tuple[str, ...] = ()
    from_base: bool = True
    method: Component | None = None
    twins: bool = False

    @model_validator(mode="after")
    def _either_network_or_method(self) -> Candidate:
        if self.method and (self.model or self.training):
            raise ValueError("a candidate with a `method` trains no network: it takes no `model` and no `training`")
        return self


class CandidateBase(_Settings):
    """What the candidates of a comparison have in common: parts of the model, keys of training."""

    model: dict[str, Any] = {}
    training: dict[str, Any] = {}


class CompareSettings(_Settings):
    """A named set of candidates; the first one is what the others are measured against.

    Attributes:
        seeds: for every candidate that does not name its own; those of the study's training if left out.
        base: what every candidate differs in from the study's own settings; each says its own on top.
    """

    seeds: tuple[int, ...] = ()
    base: CandidateBase = CandidateBase()
    candidates: dict[str, Candidate] = {}


class ShardSettings(_Settings):
    """How a night's drop is parted: a shard is some people with all of their rows. No result depends on it.

    Attributes:
        people: of a shard. Memory grows with it, not with the number of people of the drop.
        at_once_mb: a drop of at most so many million bytes is one shard: to part it would take longer.
        kept_rejects: of a drop that a limit stopped, so many rejected rows of a table are kept at most: a table of
            which every row is rejected would be kept a second time.
    """

    people: int = Field(default=100_000, ge=1)
    at_once_mb: int = Field(default=64, ge=0)
    kept_rejects: int = Field(default=100_000, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _no_machines(cls, block: Any) -> Any:
        if isinstance(block, dict) and "processes" in block:
            raise ValueError(
                "`processes` is said once for all studies: take it out, and write `machines: {kind: processes, "
                "workers: 2}` beside `studies`"
            )
        return block


class ReplaySettings(_Settings):
    """Nights that `mtl-health replay` plays with the study's own people.

    Attributes:
        nights, people: so many nights, and people who arrive in each, drawn by ``seed``.
        first: the date of the first night.
        delay: outcomes come so many nights after their people.
        corrections: of a night's people so many come with a wrong row, and are set right ``corrected_after`` nights.
        broken: the night, counted from 1, whose drop is cut off; it is mended a night later. None if it is 0.
        retrain_every: a retraining after every so many nights: after each it would take hours.
        recipe: keys of other blocks of the study that are replaced for it, such as those of a cheaper training.
    """

    nights: int = Field(default=60, ge=1)
    people: int = Field(default=50, ge=1)
    first: str = "2026-01-01"
    delay: int = Field(default=10, ge=1)
    corrections: int = Field(default=2, ge=0)
    corrected_after: int = Field(default=3, ge=1)
    broken: int = Field(default=30, ge=0)
    retrain_every: int = Field(default=10, ge=1)
    seed: int = 0
    recipe: dict[Literal["training", "baselines", "evaluation", "gate", "model"], dict[str, Any]] = {}


class ScheduleSettings(_Settings):
    """Cron lines of the two nightly flows, and of the monthly one."""

    retrain: str = "0 1 * * *"
    score: str = "0 4 * * *"
    upkeep: str = "0 12 1 * *"
    timezone: str = "UTC"
    max_hours_late: float = Field(default=12, gt=0)


class StudySettings(_Settings):
    """One study's block of params.yaml.

    Attributes:
        title, population: words for the page and the model file.
        moment: when the prediction is made and what is known then, in words.
        tasks: the task records.
        auxiliary: further task records that a candidate of the comparison may learn beside the others. What they are
            made of is hidden in the core view, so such a candidate has that view.
        known_later: source columns that come after that moment.
        near: by task and source column (``TABLE.COLUMN``), why a column that the task sees says nearly the same as its
            outcome or as what is hidden from it, and is shown all the same; the page repeats it.
        replay: the nights of `mtl-health replay`.
        card: what only people can write of the model, for its card.
        landing: whether the rows of drops are kept, for trainings to come.
        store: the kind of store that keeps the published tables, by its name in ``flows.stores.store``.
    """

    title: str
    population: str
    moment: str = ""
    tasks: tuple[dict[str, Any], ...]
    auxiliary: tuple[dict[str, Any], ...] = ()
    known_later: tuple[str, ...] = ()
    near: dict[str, dict[str, str]] = {}
    validation: ValidationSettings = ValidationSettings()
    split: SplitSettings
    model: ModelSettings
    training: TrainingSettings
    baselines: ComparisonSettings = ComparisonSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    compare: CompareSettings = CompareSettings()
    gate: GateSettings = GateSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    landing: bool = True
    absence: AbsenceSettings = AbsenceSettings()
    replay: ReplaySettings = ReplaySettings()
    night: NightSettings = NightSettings()
    watch: WatchSettings = WatchSettings()
    update: UpdateSettings = UpdateSettings()
    shards: ShardSettings = ShardSettings()
    published: PublishedSettings = PublishedSettings()
    card: CardSettings = CardSettings()
    store: str = "delta"

    @model_validator(mode="after")
    def _streams_one_split(self) -> StudySettings:
        if self.training.stream is not None and self.split.kind != "fixed":
            raise ValueError(
                "`training.stream` needs a split of kind fixed: with folds every network is trained again for each, "
                "which people beyond memory are too many for; write a split file of one part a person"
            )
        return self

    @cached_property
    def task_records(self) -> tuple[Task, ...]:
        """The tasks, checked."""
        return load_tasks(self.tasks)

    @cached_property
    def further_tasks(self) -> tuple[Task, ...]:
        """The auxiliary tasks that no one learns unless a candidate names them."""
        return tuple(Task.from_dict({"role": "auxiliary", **record}) for record in self.auxiliary)

    @cached_property
    def params_hash(self) -> str:
        """SHA-256 of the block, whatever its layout in the file."""
        return digest(self.model_dump(mode="json"))


FILE = "params.yaml"
BLOCKS = ("studies", "access", "machines", "storage", "lineage", "alerts")


def studies_of(file: YamlFile) -> dict[str, Any]:
    """The blocks under ``studies`` of a params.yaml that was read.

    Raises:
        SettingsError: if there is none, or a key stands beside it that nobody reads.
    """
    wrong = [str(key) for key in file.content if key not in BLOCKS and not str(key).startswith("x-")]
    if wrong:
        raise SettingsError(f"{FILE}: {unknown(key, BLOCKS)} (a key of your own begins with x-)" for key in wrong)
    studies = file.content.get("studies")
    if not isinstance(studies, dict) or not studies:
        raise SettingsError([f"{FILE} has no block `studies` with at least one study"])
    return studies


def read_studies(root: Path) -> dict[str, Any]:
    """The blocks under ``studies`` of params.yaml, unchecked.

    Raises:
        SettingsError: if the file is not YAML, or has no such block.
    """
    return dict(studies_of(read_yaml(root / FILE, FILE)))
