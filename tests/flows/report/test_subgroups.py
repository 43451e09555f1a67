"""The section "Who it works for": groups of the declared features, in words."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from flows.report.groups import in_subgroups
from flows.report.page import render_page
from flows.report.subgroups import clear_differences, subgroup_tables
from tests.flows.report.test_report import SETTINGS, TASKS, demo_context, frames

DECLARED = {"exam__sex": (), "exam__age": (40.0,), "exam__id": (), "gone": ()}


def test_groups_are_told_and_differences_are_said_in_words() -> None:
    predictions, targets, splits = frames()
    spoilt = pl.when((pl.col("model") == "multi_task") & (pl.int_range(pl.len()) % 2 == 0)).then(pl.col("sbp") + 30)
    predictions = predictions.with_columns(sbp=spoilt.otherwise(pl.col("sbp")))
    person = pl.col("person_id").str.tail(5).cast(pl.Int64)
    features = targets.select(
        "person_id",
        exam__sex=pl.when(person % 2 == 0).then(pl.lit("F")).otherwise(pl.lit("M")).cast(pl.Enum(["F", "M"])),
        exam__age=20.0 + person % 41,
        exam__id=person.cast(pl.Float64),
    )
    groups = in_subgroups(predictions, targets, splits, features, TASKS, SETTINGS, part="test", declared=DECLARED)
    assert {each["partition"] for each in groups["records"]} == {"exam__sex", "exam__age"}
    context = replace(demo_context(), subgroups=groups, group_titles={"exam__sex": "Sex (as asked)"})
    main, calibration = subgroup_tables(context)
    assert main.columns == ("Outcome", "Sex: F", "Sex: M", "Age: under 40", "Age: 40 and more")
    assert [row[0].text for row in main.rows][-2:] == ["Chronic conditions: asthma", "Chronic conditions: stroke"]
    assert {cell.text for cell in main.rows[-1][1:]} == {"not shown"}
    sbp = calibration.rows[0]
    assert sbp[0].small == "prediction less outcome, mmHg"
    assert sbp[1].text.startswith(("+29", "+30", "+31"))
    assert sbp[1].tone == sbp[2].tone == "loss"
    said = clear_differences(context)
    assert any(line.startswith("Systolic pressure, sex: F: prediction less outcome, mmHg +") for line in said)
    assert sum("prediction less outcome" in line and "sex" in line for line in said) == 1
    assert said[-1].startswith(f"{groups['n_tests']} differences between a group and the others were looked at")
    page = render_page(context)
    assert 'id="whom"' in page
    assert 'id="whom"' not in render_page(demo_context())
