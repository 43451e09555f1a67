"""What every kind of task keeps: its targets, head, outputs, scores, metrics and words agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from mtl_models.correction.fitting import fit_part
from mtl_models.correction.parts import parts_of
from mtl_models.correction.record import Correction
from mtl_models.data.tasks import Task, task_faults
from mtl_models.kinds import KINDS, find_metric, kind_of
from mtl_models.kinds.base import SHARE
from mtl_models.kinds.heads import Head, head_class
from mtl_models.kinds.rules import RULES, Decide
from mtl_models.metrics.collect import Sample
from mtl_models.metrics.people import count_people, describe
from mtl_models.metrics.score import score_task
from mtl_models.serving.scorer import score_columns

EVERY = pytest.mark.parametrize("name", list(KINDS))
NAMES = ("low", "mid dle", "high")
N = 200


def task_of(name: str) -> Task:
    """A task of the kind with the names that it needs."""
    return Task(name="t", kind=name, title="T", **({KINDS[name].names: NAMES} if KINDS[name].names else {}))


def targets_of(task: Task) -> np.ndarray:
    """Targets that the kind allows, a fifth of them missing."""
    generator = np.random.default_rng(0)
    shape, n_classes = (N, len(task.target_columns)), kind_of(task).n_classes(task)
    values = generator.integers(0, n_classes, shape) * 1.0 if n_classes else generator.integers(1, 9, shape) * 1.0
    values[generator.random(N) < 0.2] = np.nan
    return values


def head_of(task: Task) -> Head:
    torch.manual_seed(0)
    head = head_class(task)(task, 5, (4,), dropout=0.0)
    head.fit(targets_of(task))
    return head.eval()


def outputs_of(task: Task) -> Mapping[str, np.ndarray]:
    """What an exported file would give, by name."""
    kind, head = kind_of(task), head_of(task)
    with torch.no_grad():
        found = kind.outputs(head, head.predictions(head(torch.randn(N, 5))))
    return {name: each.numpy() for name, each in zip(kind.output_names(task), found, strict=True)}


@EVERY
def test_a_record_has_the_names_that_its_kind_needs_and_no_others(name: str) -> None:
    for key in ("classes", "labels"):
        needed = KINDS[name].names == key
        record = {"name": "t", "kind": name, **({} if needed else {key: list(NAMES)})}
        said = f"{key}: a {name} task {'needs them' if needed else 'takes none'}"
        assert said in task_faults(record)
    task = task_of(name)
    assert Task.from_dict(task.to_dict()) == task


@EVERY
def test_targets_that_it_allows_are_numbers_or_codes_of_classes(name: str) -> None:
    task, kind = task_of(name), KINDS[name]
    values = targets_of(task)[:, 0]
    known = values[~np.isnan(values)]
    assert kind.is_allowed(task, known).all()
    assert not kind.is_allowed(task, np.array([np.inf, -np.inf])).any()
    assert kind.allowed(task)
    assert sum(kind.count_classes(task, known)) == (len(known) if kind.n_classes(task) else 0)
    assert (kind.form == "number") == (not kind.n_classes(task))
    np.testing.assert_allclose(kind.from_scale(kind.to_scale(known)), known)


@EVERY
def test_facets_are_numbers_that_have_a_mean(name: str) -> None:
    task, target = task_of(name), targets_of(task_of(name))
    facets = KINDS[name].facets(task, target)
    assert len({facet.name for facet in facets}) == len(facets)
    for facet in facets:
        assert (np.isnan(facet.values) == np.isnan(target[:, 0])).all()
        known = set(facet.values[~np.isnan(facet.values)])
        assert facet.unit != SHARE or known == {0.0, 1.0}


@EVERY
def test_the_loss_of_the_base_rate_is_above_zero_and_gaps_do_not_reach_it(name: str) -> None:
    task = task_of(name)
    head, target = head_of(task), torch.from_numpy(targets_of(task)).float()
    raw = head.output.bias.detach().expand(N, -1)
    loss = head.loss(raw, target)
    assert loss > 0  # validation losses are divided by it
    known = ~target.isnan().any(dim=1)
    torch.testing.assert_close(loss, head.loss(raw[known], target[known]))
    assert head.unit > 0


@EVERY
@pytest.mark.parametrize("members", [0, 3])
def test_a_mean_over_members_that_agree_is_their_prediction(name: str, members: int) -> None:
    task = task_of(name)
    head = head_class(task)(task, 5, (), dropout=0.0, members=members)
    head.fit(targets_of(task))
    raw = torch.randn(N, 1, head.output.out_features)
    torch.testing.assert_close(head.predictions(head.combine(raw.expand(-1, 3, -1))), head.predictions(raw[:, 0]))


@EVERY
def test_outputs_become_the_score_columns_that_are_published(name: str) -> None:
    task, kind = task_of(name), KINDS[name]
    outputs = outputs_of(task)
    assert list(outputs)[-1] == task.name
    assert all(len(output) == N for output in outputs.values())
    scores = pl.DataFrame(list(kind.scores(task, outputs)))
    assert dict(scores.schema) == score_columns([task]) == kind.score_types(task)
    assert [column.name for column in kind.published(task)] == scores.columns
    assert set(task.prediction_columns) <= set(scores.columns)
    assert len(task.prediction_columns) == task.n_outputs
    assert not scores.null_count().sum_horizontal().item()


@EVERY
def test_it_can_be_corrected_and_keeps_what_it_may_predict(name: str) -> None:
    task = task_of(name)
    none = Correction.none(task)
    said = next(iter(outputs_of(task).values())).reshape(N, -1)
    np.testing.assert_allclose(none.of(said), said, atol=1e-6)
    moved = Correction(none.scale, (2.0,) * task.n_outputs, (0.3,) * task.n_outputs)
    np.testing.assert_allclose(moved.undone().of(moved.of(said)), said, atol=1e-5)
    if KINDS[name].n_classes(task):
        assert ((moved.of(said) >= 0) & (moved.of(said) <= 1)).all()
    (fit, *_) = (fit_part(part, "slope") for part in parts_of(task, targets_of(task), said.astype(np.float64)))
    assert np.isfinite(fit.shift).all()


@EVERY
def test_metrics_are_those_that_it_names(name: str) -> None:
    task, kind = task_of(name), KINDS[name]
    target = targets_of(task)
    with torch.no_grad():
        prediction = head_of(task).predictions(head_of(task)(torch.randn(N, 5))).numpy().astype(np.float64)
    found = score_task(task, target, prediction).metrics
    assert list(found) == [metric.name for metric in kind.metrics]
    assert {kind.headline, kind.loss} <= set(found)
    assert found[kind.loss] > 0
    for metric in kind.metrics:
        assert find_metric(metric.name) == metric, "a metric says the same in every kind"
        assert metric.title
        assert metric.about
        assert np.isfinite(found[metric.name]).all()


@EVERY
def test_people_are_counted_by_class_where_there_are_classes(name: str) -> None:
    task, kind = task_of(name), KINDS[name]
    sample = Sample(N, 1, 1, {task.name: targets_of(task)}, runs={}, seeds={})
    record = describe(task, count_people(task, sample), 10)
    assert record["kind"] == name
    assert (record["headline"], record["loss"]) == (kind.headline, kind.loss)
    assert len({"n_positive", "classes", "labels"} & set(record)) == (1 if kind.n_classes(task) else 0)


@EVERY
def test_it_has_words_for_a_reader(name: str) -> None:
    kind = KINDS[name]
    assert kind.words
    assert kind.says.format(rule=kind.rule_words(task_of(name)), names="a, b")
    assert kind.__doc__
    assert kind.figure in ("observed", "calibration")
    assert kind.alone in ("r2", "auroc", "cut_auroc")


@pytest.mark.parametrize(("name", "rule"), [(name, rule) for name, kind in KINDS.items() for rule in kind.rules])
def test_each_of_its_rules_comes_to_cuts_that_head_and_figures_share(name: str, rule: str) -> None:
    task = replace(task_of(name), decide=Decide(rule, 0.3 if RULES[rule].needs else None))
    kind, target, head = KINDS[name], targets_of(task), head_of(task)
    with torch.no_grad():
        predictions = head.predictions(head(torch.randn(N, 5)))
        cuts = kind.choose_cuts(task, predictions.double().numpy(), target, target)
        assert cuts.shape == head.cuts.shape
        head.cuts.copy_(torch.from_numpy(cuts))
        decided = kind.decided(task, predictions.double().numpy(), head.cuts.double().numpy())
        assert decided.reshape(-1).tolist() == head.decisions(predictions).reshape(-1).tolist()
        assert (head.margin(predictions) >= 0).all()
    assert Task.from_dict(task.to_dict()) == task
    assert kind.rule_words(task)
