"""What each outcome is predicted from, as the page says it."""

from __future__ import annotations

from dataclasses import replace

from flows.report.context import ReportContext
from flows.report.page import render_page
from flows.report.seen import seen_sentences, seen_table
from mtl_models.data.dataset import Feature, FeatureSpec
from mtl_models.data.tasks import Task
from tests.flows.report.test_report import demo_context

TASKS = (
    Task(name="sbp", title="Systolic pressure, mean", kind="regression", columns=("BPX.SY",), leaks=("BPX.DI",)),
    Task(name="disease", title="Disease", kind="binary", columns=("DIQ.YES",)),
)
SPEC = FeatureSpec(
    (
        Feature(name="person__age", domain="person"),
        Feature(name="labs__lead", domain="labs", tables=("PBCD",)),
        Feature(name="pressure__systolic", domain="pressure", hidden_from=("sbp",), tables=("BPX",)),
    )
)
NEAR = {"disease": {"DLQ.WORRY": "Asked beside it."}}


def context_of(spec: FeatureSpec) -> ReportContext:
    return replace(demo_context(), spec=spec, tasks=TASKS, known_later=("DXX.*",), near=NEAR)


def test_an_outcome_sees_what_it_does_not_hide() -> None:
    table = seen_table(context_of(SPEC))
    assert [[(cell.text, cell.small) for cell in row] for row in table.rows] == [
        [("Systolic pressure", ""), ("2", ""), ("person 1, labs 1", "tables: PBCD"), ("BPX.SY, BPX.DI", "")],
        [("Disease", ""), ("3", ""), ("person 1, labs 1, pressure 1", "tables: BPX, PBCD"), ("DIQ.YES", "")],
    ]


def test_the_sentences_follow_the_view_the_moment_and_what_is_near() -> None:
    own, core = seen_sentences(context_of(SPEC)), seen_sentences(context_of(SPEC.core))
    assert own[0].startswith("Each outcome sees what the others are made of")
    assert core[0].startswith("All outcomes see the same features")
    assert (
        own[1:]
        == core[1:]
        == [
            "Hidden from all, since it comes later: DXX.*.",
            "Near disease, and shown: DLQ.WORRY. Asked beside it.",
        ]
    )
    page = render_page(context_of(SPEC))
    assert "What is known when it predicts" in page
    assert "Near disease, and shown: DLQ.WORRY." in page
