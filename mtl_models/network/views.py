"""Per-task input views: each task sees every column but those that would give it away, in one network."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.preprocess import Prepared

Owners = Sequence[tuple[str, ...]]
Reading = tuple[Tensor, tuple[str, ...]]
"""A row, and the tasks that read it."""


@dataclass(frozen=True)
class View:
    """Tasks that must not see the same features."""

    tasks: tuple[str, ...]
    hidden: frozenset[str]


def plan_views(spec: FeatureSpec, tasks: Sequence[str]) -> tuple[View, ...]:
    """The tasks by what is hidden from them, in order of first appearance."""
    members: dict[frozenset[str], list[str]] = {}
    for task in tasks:
        hidden = frozenset(feature.name for feature in spec.features if task in feature.hidden_from)
        members.setdefault(hidden, []).append(task)
    return tuple(View(tuple(names), hidden) for hidden, names in members.items())


@dataclass(frozen=True)
class ViewSet:
    """What some views keep of an encoded row: a hidden column is multiplied by zero.

    No output of a task depends on a column that its view hides, and the column's gradient is exactly zero.

    Attributes:
        views: the tasks of each view and what is hidden from them.
        mask: 1 where a view sees a column of the encoded row, 0 where not. Shape: ``(n_views, width)``.
        shift: added after the mask. Shape: ``(n_views, width)``.
        order: columns that the same views see side by side, those that all see first. Shape: ``(width,)``.
        sizes: how many columns each of these groups has.
        shown: which view sees which group. Shape: ``(n_views, n_groups)``.
    """

    views: tuple[View, ...]
    mask: Tensor
    shift: Tensor
    order: Tensor
    sizes: list[int]
    shown: Tensor

    def rows(self, encoded: Tensor) -> list[Reading]:
        """The encoded rows as each view sees them, with its tasks. Shape: ``(n_rows, width)`` each."""
        seen = zip(self.views, self.mask, self.shift, strict=True)
        return [(encoded * mask + shift, view.tasks) for view, mask, shift in seen]

    def first_layer(self, encoded: Tensor, weight: Tensor) -> Tensor:
        """What a linear layer without bias makes of every view's row, at the cost of one.

        Shape:
            encoded: ``(..., width)``; weight: ``(d_out, width)``; the result: ``(..., n_views, d_out)``.
        """
        parts = torch.split(encoded.index_select(-1, self.order), self.sizes, dim=-1)
        weights = torch.split(weight.index_select(1, self.order), self.sizes, dim=1)
        products = torch.stack([part @ each.T for part, each in zip(parts, weights, strict=True)], dim=-2)
        return self.shown @ products + self.shift @ weight.T

    def by_task(self, by_view: Sequence[Tensor]) -> dict[str, Tensor]:
        """A tensor a view as a tensor a task."""
        return {task: each for view, each in zip(self.views, by_view, strict=True) for task in view.tasks}


class Views(nn.Module):
    """The views of a network, each with a learned shift of its own that tells the trunk which view it reads.

    Args:
        owners: the features that each column of the encoded row is made of.
    """

    mask: Tensor
    order: Tensor
    shown: Tensor

    def __init__(self, views: Sequence[View], owners: Owners) -> None:
        super().__init__()
        self.views = tuple(views)
        seen = [[not view.hidden.intersection(features) for features in owners] for view in views]
        self.register_buffer("mask", torch.tensor(seen, dtype=torch.float32), persistent=False)
        self.shift = nn.Parameter(torch.zeros(len(views), len(owners)))
        # each group of columns is one product in a trunk's first layer
        kinds = sorted(set(zip(*seen, strict=True)), key=lambda kind: (not all(kind), kind))
        columns = [[place for place, kind in enumerate(zip(*seen, strict=True)) if kind == each] for each in kinds]
        self.sizes = [len(each) for each in columns]
        self.register_buffer("order", torch.tensor(list(chain(*columns)), dtype=torch.int64), persistent=False)
        shown = torch.tensor(kinds, dtype=torch.float32).T.contiguous()
        self.register_buffer("shown", shown, persistent=False)

    def of(self, tasks: Container[str]) -> ViewSet:
        """The views of some tasks, in their order, without the others' tasks."""
        kept = [(place, tuple(task for task in view.tasks if task in tasks)) for place, view in enumerate(self.views)]
        chosen = [place for place, names in kept if names]
        views = tuple(View(names, self.views[place].hidden) for place, names in kept if names)
        if len(chosen) == len(self.views):
            return ViewSet(views, self.mask, self.shift, self.order, self.sizes, self.shown)
        mask, shift, shown = (part[chosen] for part in (self.mask, self.shift, self.shown))
        return ViewSet(views, mask, shift, self.order, self.sizes, shown)


def blind(prepared: Prepared, layout: Layout, hidden: frozenset[str], n_categories: Tensor) -> Prepared:
    """Prepared rows in which hidden features say nothing: for encoders that mix features before the trunk."""
    names = (*layout.numbers, *layout.indicators)
    values = torch.tensor([name not in hidden for name in names], dtype=torch.float32, device=prepared.values.device)
    slots = torch.tensor([name not in hidden for name in layout.categories], device=prepared.values.device)
    return Prepared(prepared.values * values, torch.where(slots, prepared.slots, n_categories))
