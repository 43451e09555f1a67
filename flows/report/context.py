"""What a page is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.report.drawing import Plot
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.tasks import Task


@dataclass(frozen=True, kw_only=True)
class ReportContext:
    """All that the page of a study says.

    Attributes:
        study: identifier of the study.
        title: its name.
        population: who was studied, in words.
        summary: the evaluation, from ``mtl_models.metrics.summarise``.
        spec: the features.
        parts: people for training, validation and test, by part.
        n_people: people in the raw tables; ``n_cohort`` of them are in the cohort.
        excluded: people left out, by reason.
        validation: the summary of validation: rows and reasons by table.
        plots: figures by file name.
        moment: when the prediction is made and what is known then.
        tasks: the task records, which say what is hidden from each.
        known_later: source columns that no task sees, since they come after the moment.
        near: by task and source column, why what nearly says the outcome is shown all the same.
        limits: further known limits, one sentence each.
        training: what training left behind about sharing: ``sharing``, ``affinity``, ``own_best``, ``best_epoch``.
        stream: who learned from whom where training is on a stream, in words; empty where it is not.
        student: how the network was taught, in words; empty where it learned from the labels.
        absence: what the absence of each table costs, from ``flows.fitting.absence``; empty for a study of one table.
        subgroups: figures by group of people, from ``flows.report.groups``.
        group_titles: words for the feature columns that tell groups apart.
        identity: what the model and its inputs are known by, such as version and hashes.
    """

    study: str
    title: str
    population: str
    summary: Mapping[str, Any]
    spec: FeatureSpec
    parts: Mapping[str, int]
    n_people: int
    n_cohort: int
    excluded: Mapping[str, int] = field(default_factory=dict)
    validation: Mapping[str, Any] = field(default_factory=dict)
    plots: Sequence[Plot] = ()
    moment: str = ""
    tasks: Sequence[Task] = ()
    known_later: Sequence[str] = ()
    near: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    limits: Sequence[str] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    student: str = ""
    stream: str = ""
    absence: Mapping[str, Any] = field(default_factory=dict)
    subgroups: Mapping[str, Any] = field(default_factory=dict)
    group_titles: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
