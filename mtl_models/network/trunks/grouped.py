"""The grouped trunk: a trunk of its own for each group of tasks, in one network and so in one exported file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.trunks.base import Trunk
from mtl_models.network.views import ViewSet
from mtl_models.settings import Component, parse_settings, repeated_task
from mtl_models.wording import unknown


class GroupedTrunk(Trunk):
    """A trunk of its own for each group of tasks; groups share the encoder alone.

    Tasks that no group names form a last group together. With one group it is the plain trunk, with groups of one it
    is a trunk a task.

    Source: Standley et al., Which Tasks Should Be Learned Together in Multi-task Learning?, ICML (2020), section 3.

    Differs:
        The groups' networks have one encoder, and so one input block in the exported file, where the paper trains
        networks that share nothing.
    """

    class Options(settings.Options):
        """``groups``: lists of task names; ``trunk``: any other trunk, built once a group for the group's tasks.

        A name that the network lacks is passed over, since single-task twins are built from a part of the tasks;
        ``ModelSettings.task_faults`` names it when a study is loaded.
        """

        groups: tuple[tuple[str, ...], ...] = ()
        trunk: Component = Field(default=Component(name="shared"))

        @field_validator("groups")
        @classmethod
        def _name_once(cls, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
            if name := repeated_task(groups):
                raise ValueError(f"{name} is named twice: a task belongs to one group")
            return groups

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        kind, inner = _inner(options.trunk)
        self.groups = group_names(tasks, options.groups)
        self.trunks = nn.ModuleList([kind(width, group, inner) for group in self.groups])
        widths = {name: size for trunk in self._each() for name, size in trunk.widths.items()}
        self.widths = {name: widths[name] for name in tasks}
        self.members = self._each()[0].members

    def _each(self) -> list[Trunk]:
        trunks = list(self.trunks)
        assert all(isinstance(trunk, Trunk) for trunk in trunks)
        return trunks  # type: ignore[return-value]

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        return {name: found for trunk in self._each() for name, found in trunk(encoded).items()}

    def in_views(self, encoded: Tensor, views: ViewSet) -> dict[str, Tensor]:
        """Representations by task name; a group's trunk runs on the views of its own tasks alone."""
        found: dict[str, Tensor] = {}
        for row, tasks in views.rows(encoded):
            for group, trunk in zip(self.groups, self._each(), strict=True):
                if names := [task for task in tasks if task in group]:
                    representations = trunk(row)
                    found |= {task: representations[task] for task in names}
        return found

    def arrange(self, chunks: Sequence[int]) -> None:
        """Let every group's trunk know the columns."""
        for trunk in self._each():
            trunk.arrange(chunks)

    def undecayed(self) -> Iterable[nn.Parameter]:
        """Those of the groups' trunks."""
        return [each for trunk in self._each() for each in trunk.undecayed()]

    def penalty(self) -> Tensor | None:
        """Sum of the groups' penalties."""
        found = [penalty for trunk in self._each() if (penalty := trunk.penalty()) is not None]
        return torch.stack(found).sum() if found else None

    def report(self, encoded: Tensor | None) -> dict[str, Any]:
        """``groups``, and whatever their trunks report, each under the names of its group's tasks."""
        found: dict[str, Any] = {"groups": [list(group) for group in self.groups]}
        for group, trunk in zip(self.groups, self._each(), strict=True):
            for key, value in trunk.report(encoded).items():
                found.setdefault(key, {})[", ".join(group)] = value
        return found


def group_names(tasks: Sequence[str], groups: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The groups of these tasks, in their order; those that no group names are the last group."""
    named = {name for group in groups for name in group}
    candidates = [*(set(group) for group in groups), set(tasks) - named]
    found = (tuple(name for name in tasks if name in group) for group in candidates)
    return tuple(group for group in found if group)


def _inner(component: Component) -> tuple[Any, Any]:
    """The class of the groups' trunks and its checked options."""
    # the registry names this module too
    from mtl_models.network.trunks import TRUNKS

    known = [name for name in TRUNKS if name != "grouped"]
    if component.name not in known:
        raise ValueError(f"model.trunk.trunk.name: {unknown(component.name, known)}")
    kind = TRUNKS[component.name]
    return kind, parse_settings(kind.Options, component.options, where="model.trunk.trunk")
