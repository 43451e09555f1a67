"""The network: preprocessing, encoder, trunk and one head a task, put together from settings."""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.data.layout import Layout
from mtl_models.data.tasks import Task, load_tasks
from mtl_models.kinds.heads import Head, head_class
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.preprocess import Prepared, Preprocessor
from mtl_models.network.trunks import TRUNKS
from mtl_models.network.views import Reading, Views, blind, plan_views
from mtl_models.settings import Component, ModelSettings, parse_settings
from mtl_models.wording import unknown


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
        plan = plan_views(spec, names)
        self.plan = plan if any(view.hidden for view in plan) else ()
        # one copy of the row and a mask a view, unless the encoder mixes features: then it runs once a view
        self.views = Views(plan, self.encoder.owners) if self.plan and self.encoder.owners is not None else None
        self.heads = nn.ModuleDict(
            {
                _key(task.name): head_class(task)(
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

    def outputs(self, prepared: Prepared, tasks: Container[str] | None = None) -> dict[str, Tensor]:
        """Raw outputs by task name of rows that were prepared before, as training does once for all epochs.

        Args:
            tasks: those to answer for, at the cost of their views alone; by default all.
        """
        names = [task.name for task in self.tasks if tasks is None or task.name in tasks]
        representations = self._representations(prepared, names)
        return {name: self.head(name)(representations[name]) for name in names}

    def _representations(self, prepared: Prepared, tasks: Collection[str]) -> dict[str, Tensor]:
        """The trunk's representation of each row by task name."""
        found: dict[str, Tensor] = {}
        for encoded, readers in self._encode(prepared, tasks):
            # the whole trunk for each: no task's output depends on what another task's row holds
            run = self.trunk(encoded) if self.views is None else self.trunk.in_views(encoded, self.views.of(readers))
            found |= {task: run[task] for task in readers}
        return found

    def _encode(self, prepared: Prepared, tasks: Collection[str]) -> list[Reading]:
        """Encoded rows, each with those of ``tasks`` that read it: the views of tasks that share one come later.

        One for all tasks; one a task where the encoder makes it so; one a view where the encoder mixes features, since
        then it must run on rows whose hidden features say nothing.
        """
        if not self.plan or self.views is not None:
            return _by_reader(self.encoder(prepared), tasks)
        found: list[Reading] = []
        for view in self.plan:
            if readers := tuple(task for task in view.tasks if task in tasks):
                shown = blind(prepared, self.layout, view.hidden, self.preprocess.n_categories)
                found += _by_reader(self.encoder(shown), readers)
        return found

    def _rows(self, prepared: Prepared) -> list[Reading]:
        """The rows that the trunk reads, each as a view shows it, with the tasks of that view."""
        encodings = self._encode(prepared, [task.name for task in self.tasks])
        if self.views is None:
            return encodings
        return [reading for encoded, readers in encodings for reading in self.views.of(readers).rows(encoded)]

    def penalty(self) -> Tensor | None:
        """What training adds to the sum of the losses; ``None`` for nothing."""
        penalty: Tensor | None = self.trunk.penalty()
        return penalty

    def predictions(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Predictions by task name, in the task's unit or as probabilities."""
        raw = self(numeric, categorical)
        return {name: self.head(name).predictions(raw[name]) for name in raw}

    def domain_vectors(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Each feature domain's vector. Shape: ``(n_rows, the domain's width)``.

        Raises:
            ValueError: if the encoder makes none.
        """
        by_domain = self.encoder.by_domain(self.preprocess(numeric, categorical))
        if by_domain is None:
            raise ValueError(
                f"the network's encoder is {self.settings.encoder.name!r}: only 'domains' has a vector a domain; "
                "train with model.encoder.name: domains"
            )
        vectors: dict[str, Tensor] = by_domain
        return vectors

    def record(self) -> dict[str, Any]:
        """Features, layout, settings and tasks, as plain JSON types."""
        return {
            "features": json.loads(self.spec.to_json()),
            "layout": self.layout.to_dict(),
            "model": self.settings.model_dump(mode="json"),
            "tasks": [task.to_dict() for task in self.tasks],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Network:
        """The network of a :meth:`record`, untrained."""
        return cls(
            FeatureSpec.from_json(json.dumps(record["features"])),
            load_tasks(record["tasks"]),
            ModelSettings.model_validate(record["model"]),
            Layout.from_dict(record["layout"]),
        )

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
        rows = self._rows(prepared)
        same = len(rows) == 1
        found: dict[str, Any] = self.trunk.report(rows[0][0] if same else None)
        if not same:
            # what differs by row differs by task too, where each has a row of its own
            reports = [(self.trunk.report(row), readers) for row, readers in rows]
            by_row = [({key: report[key] for key in report.keys() - found}, readers) for report, readers in reports]
            by_task = {task: report for report, readers in by_row for task in readers}
            found |= {"trunk": by_task} if any(by_task.values()) else {}
        return {**self.encoder.report(prepared), **found}


def _by_reader(encoded: Tensor | dict[str, Tensor], tasks: Collection[str]) -> list[Reading]:
    """What an encoder gave, one row for all ``tasks`` or one for each."""
    if isinstance(encoded, Tensor):
        return [(encoded, tuple(tasks))]
    return [(encoded[task], (task,)) for task in tasks]


def _key(task: str) -> str:
    """Name of a task's head among modules, where names like ``type`` are taken."""
    return f"task_{task}"


def _choose(registry: Mapping[str, Any], component: Component, what: str) -> tuple[Any, Any]:
    """The class that a component names, and its checked options."""
    if component.name not in registry:
        raise ValueError(f"model.{what}.name: {unknown(component.name, registry)}")
    chosen = registry[component.name]
    return chosen, parse_settings(chosen.Options, component.options, where=f"model.{what}")
