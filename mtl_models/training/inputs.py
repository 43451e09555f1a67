"""What a fit is given: people with their features and tasks, and the settings of network, training and teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mtl_models.baselines.settings import BaselineSettings
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.settings import ModelSettings, TrainingSettings


@dataclass(frozen=True)
class TrainingData:
    """People to learn from and people to choose by, with what their columns mean.

    Attributes:
        train: the people whose labels are learned.
        valid: the people that say which epoch is kept.
        spec: of the features of both.
        tasks: what is learned together; one for a single-task network.
    """

    train: Dataset
    valid: Dataset
    spec: FeatureSpec
    tasks: Sequence[Task]

    def of_tasks(self, tasks: Sequence[Task]) -> TrainingData:
        """The same people for some of the tasks."""
        return replace(self, tasks=tuple(tasks))


@dataclass(frozen=True)
class FitSettings:
    """How a network is built and trained.

    Attributes:
        baselines: of the boosters that teach it, if any do.
    """

    model: ModelSettings
    training: TrainingSettings
    baselines: BaselineSettings = field(default_factory=BaselineSettings)

    def teacher(self) -> FitSettings:
        """Settings of the teacher's networks; the same where nobody teaches.

        Raises:
            ValueError: for a key or value of ``training.distillation`` that no part understands.
        """
        model, training = self.training.teacher(self.model)
        return replace(self, model=model, training=training)
