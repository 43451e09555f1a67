"""The network: preprocessing, encoder, trunk and one head a task, put together from settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_models.data import Dataset, FeatureSpec, Matrices
from mtl_models.encoders import ENCODERS
from mtl_models.heads import HEADS, Head
from mtl_models.layout import Layout
from mtl_models.preprocess import Prepared, Preprocessor
from mtl_models.settings import Component, ModelSettings, parse_settings
from mtl_models.tasks import Task
from mtl_models.trunks import TRUNKS


class Network(nn.Module):
    """Raw matrices in, raw outputs by task name out."""

    def __init__(self, spec: FeatureSpec, tasks: Sequence[Task], settings: ModelSettings, layout: Layout) -> None:
        super().__init__()
        self.spec, self.tasks, self.settings, self.layout = spec, tuple(tasks), settings, layout
        names = [task.name for task in tasks]
        self.preprocess = Preprocessor(spec, layout, settings.preprocess)
        encoder, options = _choose(ENCODERS, settings.encoder, "encoder")
        self.encoder = encoder(spec, layout, options, names)
        trunk, options = _choose(TRUNKS, settings.trunk, "trunk")
        self.trunk = trunk(self.encoder.width, names, options)
        self.trunk.arrange(self.encoder.chunks)
        self.heads = nn.ModuleDict(
            {
                _key(task.name): HEADS[task.kind](
                    task,
                    self.trunk.widths[task.name],
                    settings.heads.widths_of(task.name),
                    dropout=settings.heads.dropout,
                    members=self.trunk.members,
                )
                for task in tasks
            }
        )

    def head(self, task: str) -> Head:
        """A task's head."""
        head = self.heads[_key(task)]
        assert isinstance(head, Head)
        return head

    def fit_statistics(self, train: Dataset) -> None:
        """Set every buffer that depends on training rows.

        Raises:
            ValueError: for a task that no training row has a label of.
        """
        self.preprocess.fit(train.inputs)
        numeric, categorical = torch.from_numpy(train.inputs.numeric), torch.from_numpy(train.inputs.categorical)
        self.encoder.fit(self.preprocess(numeric, categorical))
        for task in self.tasks:
            target = train.targets[task.name]
            if not (target == target).any():
                raise ValueError(f"task {task.name}: none of the {len(train)} training rows has a label")
            self.head(task.name).fit(target)

    def forward(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Raw outputs by task name."""
        return self.outputs(self.preprocess(numeric, categorical))

    def outputs(self, prepared: Prepared) -> dict[str, Tensor]:
        """Raw outputs by task name of rows that were prepared before, as training does once for all epochs."""
        encoded = self.encoder(prepared)
        if isinstance(encoded, Tensor):
            representations = self.trunk(encoded)
        else:
            # the whole trunk for each task's own row: no task's output depends on what another task's row holds
            representations = {name: self.trunk(row)[name] for name, row in encoded.items()}
        return {task.name: self.head(task.name)(representations[task.name]) for task in self.tasks}

    def penalty(self) -> Tensor | None:
        """What training adds to the sum of the losses; ``None`` for nothing."""
        penalty: Tensor | None = self.trunk.penalty()
        return penalty

    def predictions(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Predictions by task name, in the task's unit or as probabilities."""
        raw = self(numeric, categorical)
        return {name: self.head(name).predictions(raw[name]) for name in raw}

    @torch.no_grad()
    def report(self, inputs: Matrices | None = None) -> dict[str, Any]:
        """What encoder and trunk learned to attend to and to share, as plain JSON types.

        Args:
            inputs: rows to take means of gates over; without them what differs from row to row is left out.
        """
        self.eval()
        if inputs is None:
            return {**self.encoder.report(None), **self.trunk.report(None)}
        device = next(self.parameters()).device
        numeric, categorical = (torch.from_numpy(part).to(device) for part in (inputs.numeric, inputs.categorical))
        prepared = self.preprocess(numeric, categorical)
        encoded = self.encoder(prepared)
        found: dict[str, Any] = self.trunk.report(encoded if isinstance(encoded, Tensor) else None)
        if not isinstance(encoded, Tensor):
            # what differs by row differs by task too, where each has a row of its own
            reports = {name: self.trunk.report(row) for name, row in encoded.items()}
            by_task = {name: {key: report[key] for key in report.keys() - found} for name, report in reports.items()}
            found |= {"trunk": by_task} if any(by_task.values()) else {}
        return {**self.encoder.report(prepared), **found}


def _key(task: str) -> str:
    """Name of a task's head among modules, where names like ``type`` are taken."""
    return f"task_{task}"


def _choose(registry: Mapping[str, Any], component: Component, what: str) -> tuple[Any, Any]:
    """The class that a component names, and its checked options."""
    if component.name not in registry:
        raise ValueError(f"model.{what}.name: {component.name!r} is none of {', '.join(sorted(registry))}")
    chosen = registry[component.name]
    return chosen, parse_settings(chosen.Options, component.options, where=f"model.{what}")
