"""Weight decay pulls weights towards zero, and leaves gates, stitches, scales and embeddings of numbers alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import plan_layout
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.network import Network
from mtl_models.network.trunks import TRUNKS
from mtl_models.settings import Component, ModelSettings
from mtl_models.training.run import Run
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING, make_dataset

# by encoder or trunk: what the names of the parameters that stay look like
STAY: dict[str, str] = {
    "piecewise_linear": r"encoder\.block\.numbers\.embed\.linear0\..*",
    "periodic": r"encoder\.block\.numbers\.embed\.periodic\..*",
    "attention": r"encoder\.(scores|of_row\..*|block\.numbers\.embed\.linear0\..*)",
    "domains": r"encoder\.blocks\.\w+\.numbers\.embed\.linear0\..*",
    "grid_convolution": r"encoder\.slope",
    "domain_convolution": r"encoder\.(grid\.slope|blocks\.\w+\.numbers\.embed\.linear0\..*)",
    "mmoe": r"trunk\.gates\.weight",
    "ple": r"trunk\.levels\.\d\.gates\..*",
    "cross_stitch": r"trunk\.stitches\..*",
    "grouped": r"trunk\.trunks\.\d\.gates\.weight",
    "tabm": r"trunk\.backbone\.blocks\.\d\.0\.[rs]",
}
NUMBERS = {"numbers": {"name": "piecewise_linear", "n_bins": 4, "d_embedding": 2}}
OPTIONS: dict[str, dict[str, Any]] = {
    "attention": {"d_hidden": 3, **NUMBERS},
    "domains": NUMBERS,
    "domain_convolution": {"domains": NUMBERS},
    "grouped": {"groups": [["ill", "tall"]], "trunk": {"name": "mmoe", "experts": 2, "widths": [4]}},
}


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return make_dataset(60, 1)


def run_of(rows: Dataset, balancing: str = "equal", **parts: dict[str, Any]) -> Run:
    model = ModelSettings.model_validate(parts)
    torch.manual_seed(0)
    network = Network(SPEC, TASKS, model, plan_layout(SPEC, rows.inputs))
    network.fit_statistics(rows)
    training = TRAINING.model_copy(update={"weight_decay": 0.5, "balancing": Component(name=balancing)})
    return Run(network, rows, rows, training, np.random.default_rng(0), seed=0)


def kept_by_decay(run: Run) -> set[str]:
    """Names of the parameters, other than zeros, that a step without any gradient leaves as they are."""
    before = {name: each.detach().clone() for name, each in run.network.named_parameters()}
    for each in run.network.parameters():
        each.grad = torch.zeros_like(each)
    run.optimizer.step()
    after = dict(run.network.named_parameters())
    kept = {name for name, each in before.items() if torch.equal(each, after[name])}
    for name in before.keys() - kept:
        # AdamW: less the learning rate times the decay
        torch.testing.assert_close(after[name].detach(), before[name] * (1 - 1e-2 * 0.5))
    return {name for name in kept if before[name].any()}


@pytest.mark.parametrize("name", sorted({**ENCODERS, **TRUNKS}))
def test_only_what_a_part_names_stays(name: str, rows: Dataset) -> None:
    part = "encoder" if name in ENCODERS else "trunk"
    run = run_of(rows, **{part: {"name": name, **OPTIONS.get(name, {})}})
    kept, pattern = kept_by_decay(run), STAY.get(name, "none")
    assert all(re.fullmatch(pattern, each) for each in kept), kept
    assert bool(kept) == (name in STAY)
    free = {id(each) for each in run.optimizer.param_groups[1]["params"]} if name in STAY else set()
    assert {n for n, each in run.network.named_parameters() if id(each) in free} == {
        n for n, _ in run.network.named_parameters() if re.fullmatch(pattern, n)
    }


@pytest.mark.parametrize(("kind", "pattern"), [("tabm-mini", r"trunk\.backbone\.affine\.weight"), ("tabm-packed", "")])
def test_other_ensembles_keep_their_scales(kind: str, pattern: str, rows: Dataset) -> None:
    kept = kept_by_decay(run_of(rows, trunk={"name": "tabm", "kind": kind, "k": 2, "d_block": 4}))
    assert {bool(re.fullmatch(pattern, each)) for each in kept} == ({True} if pattern else set())


def test_what_a_balancer_learns_stays_and_no_parameter_is_lost_or_taken_twice(rows: Dataset) -> None:
    run = run_of(rows, "uncertainty", trunk={"name": "mmoe", "experts": 2, "widths": [4]})
    groups = run.optimizer.param_groups
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0, 0.0]
    taken = [id(each) for group in groups for each in group["params"]]
    assert len(taken) == len(set(taken))
    assert set(taken) == {id(each) for each in (*run.network.parameters(), *run.balancer.parameters())}


def test_the_plain_network_has_one_group_in_the_order_of_its_parameters(rows: Dataset) -> None:
    run = run_of(rows)
    (group,) = run.optimizer.param_groups
    assert [id(each) for each in group["params"]] == [id(each) for each in run.network.parameters()]
