"""A study as one object: its name, and what is known by the name, each looked up when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project.paths import StudyPaths
from flows.project.storage import study_place

if TYPE_CHECKING:
    from flows.features.build import StudyFeatures
    from flows.project.machines import MachineSettings
    from flows.project.settings import StudySettings
    from flows.stores.registry import ModelRegistry
    from flows.stores.tables import Tables
    from flows.study.naming.rules import Depth
    from schemas.contract import Contract


@dataclass(frozen=True)
class Study:
    """A study: a block of params.yaml, ``schemas/<name>``, ``flows/features/<name>`` and the folders of its name.

    Nothing is looked up before it is asked for: a command that only shows a file pays for no contract.

    Attributes:
        root: the project's folder.
        name: what it is called.
        depth: how far names are looked up with the settings, see :func:`flows.study.load.read_study`.
        given: settings in place of those of params.yaml, such as those of a trial.
    """

    root: Path
    name: str
    depth: Depth = "contract"
    given: StudySettings | None = None

    @property
    def paths(self) -> StudyPaths:
        """Where its files live."""
        return StudyPaths(self.root, self.name)

    @cached_property
    def inbox(self) -> Path:
        """Its drops, one folder a date: under the project's folder, or where ``storage`` in params.yaml says."""
        return study_place(self.root, "inbox", self.paths.inbox)

    @cached_property
    def published(self) -> Path:
        """Its published tables, likewise."""
        return study_place(self.root, "tables", self.paths.tables)

    @cached_property
    def staging(self) -> Path:
        """Scratch folders of its scoring runs, one a date, likewise. All machines that work on a run reach it."""
        return study_place(self.root, "staging", self.paths.staging)

    @cached_property
    def settings(self) -> StudySettings:
        """Its settings.

        Raises:
            SettingsError: with a sentence for every fault of its block.
        """
        from flows.study.load import load_settings

        return self.given or load_settings(self.root, self.name, depth=self.depth)

    @cached_property
    def machines(self) -> MachineSettings:
        """Where its shards and fits are worked on, for all studies the same.

        Raises:
            SettingsError: with a sentence for every fault of the block ``machines``.
        """
        from flows.project.machines import read_machines

        return read_machines(self.root)

    @cached_property
    def contract(self) -> Contract:
        """What its raw tables may hold.

        Raises:
            ValueError: if there is none, or its module cannot be used.
        """
        from schemas.contract import load_contract

        return load_contract(self.name)

    @cached_property
    def features(self) -> StudyFeatures:
        """Its feature functions.

        Raises:
            FeatureError: if there are none, or their module cannot be used.
        """
        from flows.features.lookup import study_features

        return study_features(self.name)

    @cached_property
    def tables(self) -> Tables:
        """Its published tables."""
        from flows.stores.tables import Tables

        return Tables.of(self.published, self.settings.store)

    @cached_property
    def registry(self) -> ModelRegistry:
        """Its models, and who was the champion when."""
        from flows.stores.registry import ModelRegistry

        return ModelRegistry(self.paths.registry, self.published / "champions", self.settings.store)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Patterns of the raw columns that no feature may read: outcomes, leaks and what is known later."""
        from flows.features.view import hidden_patterns

        return hidden_patterns(self.settings.task_records, self.settings.known_later)

    def with_settings(self, settings: StudySettings) -> Study:
        """The same study with other settings."""
        return replace(self, given=settings)
