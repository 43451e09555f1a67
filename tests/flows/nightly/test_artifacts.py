"""What a flow shows in Prefect's pages."""

from __future__ import annotations

from flows.nightly.artifacts import flatten, markdown_table


def test_summaries_become_one_level_and_small_counts_by_reason_are_hidden() -> None:
    summary = {
        "tables": {"DEMO": {"n_rows": 3, "rejected_by_rule": {"missing": 2, "out_of_range": 10}, "empty": {}}},
        "excluded": {"outside the cohort": 9},
    }
    assert flatten(summary, min_count=10) == {
        "tables.DEMO.n_rows": 3,
        "tables.DEMO.rejected_by_rule.missing": "fewer than 10",
        "tables.DEMO.rejected_by_rule.out_of_range": 10,
        "excluded.outside the cohort": "fewer than 10",
    }


def test_a_table_keeps_its_columns() -> None:
    assert markdown_table({"a|b": "c|d"}).splitlines()[-1] == "| a/b | c/d |"
