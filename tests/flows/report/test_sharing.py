"""How the tasks share, as figures and sentences: numbers and signs stand in the figure, nothing is shown of nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from flows.report.affinity import affinity_plots, conflicts
from flows.report.drawing import Plot
from flows.report.page import render_page
from flows.report.sharing import attention_plot, own_best_table, sharing_plots, sharing_sentences
from flows.report.words import signed
from mtl_models.network.trunks import TRUNKS
from mtl_models.network.trunks.grouped import GroupedTrunk
from mtl_models.network.trunks.ple import ProgressiveTrunk
from mtl_models.settings import parse_settings
from tests.flows.report.test_report import TRAINING, demo_context, demo_page

SUMMARY: dict[str, Any] = {"tasks": {"sbp": {"title": "Systolic pressure, mean"}, "disease": {"title": "Disease"}}}
ROWS = torch.randn(7, 4, generator=torch.Generator().manual_seed(0))


def texts(plot: Plot) -> list[str]:
    return re.findall(r">([^<>]+)</text>", plot.svg)


def by_name(training: dict[str, Any]) -> dict[str, Plot]:
    return {plot.name: plot for plot in sharing_plots(training, SUMMARY)}


def test_the_page_shows_how_the_outcomes_share() -> None:
    section = demo_page().split('<section id="how">')[1].split("</section>")[0]
    assert section.count("<svg") == 3
    assert "Pairs of outcomes whose gradients pull apart on average: 1 of 1." in section
    assert '<a href="#how">' in demo_page()
    # 0.84 / 0.8 is 5 % more
    assert "5.0\u00a0%" in section


def test_a_page_without_anything_to_say_has_no_such_section() -> None:
    plots = [plot for plot in demo_context().plots if not plot.name.startswith("sharing_")]
    page = render_page(replace(demo_context(), plots=plots, training={"history": []}))
    assert "#how" not in page
    assert "How the outcomes share" not in page
    assert sharing_plots({}, SUMMARY) == []


def test_signs_are_readable_without_colour() -> None:
    assert [signed(value) for value in (0.123, -0.05, 1.0, -2.5, 0.001, -0.001)] == [
        *("+.12", "−.05", "+1.00", "−2.50", "0", "0")
    ]
    cosine, lookahead = affinity_plots(TRAINING["affinity"], str, looked_at="validation people")  # type: ignore[arg-type]
    assert texts(cosine).count("−.12") == 2
    # the largest of the others is 0.34 percent: shown in hundredths of a percent
    assert {"−34", "+12", "+200", "+300"} <= set(texts(lookahead))
    assert "hundredths of a percent" in lookahead.caption
    assert "on validation people" in lookahead.caption


def test_pairs_are_counted_once() -> None:
    cosine = {"a": {"a": 1.0, "b": -0.1, "c": 0.2}, "b": {"a": -0.1, "b": 1.0}, "c": {"a": 0.2, "c": 1.0}}
    assert conflicts({"cosine": cosine}) == (1, 2)


def test_progressive_gates_have_a_figure_a_level_and_experts_by_owner() -> None:
    torch.manual_seed(0)
    options = ProgressiveTrunk.Options(levels=2, shared_experts=1, widths=(3,))
    trunk = ProgressiveTrunk(4, ("sbp", "disease"), options)
    plots = by_name({"sharing": trunk.report(ROWS)})
    assert set(plots) == {"sharing_gates_0", "sharing_gates_1"}
    assert plots["sharing_gates_1"].title == "Gates, level 2: what each outcome reads"
    for plot in plots.values():
        assert {"Own 1", "Shared 1"} <= set(texts(plot))
        shares = [int(text.removesuffix("\u00a0%")) for text in texts(plot) if text.endswith("%")]
        assert sum(shares) == pytest.approx(200, abs=2)


@pytest.mark.parametrize("part", ["mmoe", "cross_stitch", "soft", "ple"])
def test_what_groups_report_has_a_figure_a_group(part: str) -> None:
    torch.manual_seed(0)
    block = {"groups": [["sbp"], ["disease", "later"]], "trunk": {"name": part, "widths": [3]}}
    options = parse_settings(GroupedTrunk.Options, block, where="model.trunk")
    training = {"sharing": GroupedTrunk(4, ("sbp", "disease", "later"), options).report(ROWS)}
    plots = by_name(training)
    titles = " ".join(plot.title for plot in plots.values())
    assert "group 2" in titles or part == "soft"  # a soft trunk of one task has no distance
    assert any({"Disease", "Later"} <= set(texts(plot)) for plot in plots.values())
    (sentence,) = sharing_sentences(training, SUMMARY)
    assert sentence.endswith("Systolic pressure; Disease, Later.")


def test_gates_of_tasks_with_rows_of_their_own_are_those_on_that_row() -> None:
    def gates(share: float) -> dict[str, Any]:
        return {"gates": {task: {"expert_0": share, "expert_1": 1 - share} for task in ("sbp", "disease")}}

    plots = by_name({"sharing": {"trunk": {"sbp": gates(0.1), "disease": gates(0.4)}}})
    found = texts(plots["sharing_gates_0"])
    assert [text for text in found if text.endswith("%")] == [f"{n}\u00a0%" for n in (10, 90, 40, 60)]


REPORTERS: dict[str, tuple[str, Callable[[dict[str, Any], str], Any]]] = {
    "mmoe": ("sharing_gates_0", lambda report, task: report["gates"][task]),
    "ple": ("sharing_gates_0", lambda report, task: report["gates"][0][task]),
    "cross_stitch": ("sharing_stitches_0", lambda report, task: report["stitches"][0][task]),
    "soft": ("sharing_distance_0", lambda report, task: report["distance"]),
}
FORMS: dict[str, Callable[[float], str]] = {
    "sharing_gates_0": lambda value: f"{100 * value:.0f}\u00a0%",
    "sharing_stitches_0": signed,
    "sharing_distance_0": lambda value: f"{value:.2f}",
}


@pytest.mark.parametrize(("part", "by_row"), [*((part, False) for part in REPORTERS), ("mmoe", True), ("ple", True)])
def test_with_stops_of_their_own_each_row_is_of_the_outcomes_own_network(part: str, by_row: bool) -> None:
    """One network an outcome, where tasks share a row or have one each: what it says of its own outcome is shown."""
    tasks = ("sbp", "disease")
    options = parse_settings(TRUNKS[part].Options, {"widths": [3]}, where="model.trunk")
    reports = {}
    for seed, task in enumerate(tasks):
        torch.manual_seed(seed)
        trunk = TRUNKS[part](4, tasks, options)
        for parameter in trunk.parameters():  # some trunks start as twins
            torch.nn.init.normal_(parameter)
        reports[task] = trunk.report(ROWS)
    by_task = {task: {"trunk": dict.fromkeys(tasks, each)} if by_row else each for task, each in reports.items()}
    name, own = REPORTERS[part]
    found = texts(by_name({"sharing": {"by_task": by_task}})[name])
    expected = [FORMS[name](value) for task in tasks for value in own(reports[task], task).values()]
    assert len(set(expected)) > 1
    assert Counter(expected) <= Counter(found)


def test_groups_and_attention_of_networks_of_their_own_are_shown() -> None:
    torch.manual_seed(0)
    block = {"groups": [["sbp"], ["disease", "later"]], "trunk": {"name": "mmoe", "widths": [3]}}
    options = parse_settings(GroupedTrunk.Options, block, where="model.trunk")
    tasks = ("sbp", "disease", "later")
    reports = {task: GroupedTrunk(4, tasks, options).report(ROWS) for task in tasks}
    for number, report in enumerate(reports.values()):
        report["attention"] = {"all": {"labs__lead": 1.0 + number, "labs__iron": 0.5}}
    training = {"stop": "own", "own_best": TRAINING["own_best"], "sharing": {"by_task": reports}}
    plots = by_name(training)
    assert {"sharing_gates_0", "sharing_gates_1", "sharing_attention"} <= set(plots)
    assert {"1.00", "2.00", "3.00"} <= set(texts(plots["sharing_attention"]))
    own, groups = sharing_sentences(training, SUMMARY)
    assert own.startswith("Each outcome stopped at its own best epoch and has the network of that epoch, 3 in all.")
    assert groups.endswith("Systolic pressure; Disease, Later.")
    table = own_best_table({**TRAINING, **training}, SUMMARY)
    assert table is not None
    assert table.columns[1:3] == ("Its own best epoch, kept", "Best epoch for all")


def test_attention_shows_the_features_that_weigh_most() -> None:
    weights = {f"labs__f{number}": 1 + number / 10 for number in range(20)}
    plot = attention_plot({"sbp": weights, "disease": dict.fromkeys(weights, 0.5)}, str)
    found = texts(plot)
    assert "labs: f19" in found
    assert "labs: f7" not in found
    assert "0.50" in found


def test_one_stop_and_own_best_by_hand() -> None:
    table = own_best_table(TRAINING, SUMMARY)
    assert table is not None
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["Systolic pressure", "1", "2", "5.0\u00a0%"],
        ["Disease", "2", "2", "0.0\u00a0%"],
        ["Later", "12", "2", "0.0\u00a0%"],
    ]
    assert own_best_table({"best_epoch": 1, "own_best": {"sbp": {}}}, SUMMARY) is None
