"""What a flow shows of a stage in Prefect's pages: counts and hashes, never rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.artifacts import create_markdown_artifact

from flows.study.study import Study

# counts of people by what befell them; a few of them could be recognised
BY_REASON = (
    "rejected_by_rule",
    "rejected_by_column_and_rule",
    "nulled_by_column_and_rule",
    "recoded_by_column_and_rule",
    "broken_by_column",
    "empty_by_column",
    "looks_by_column",
    "excluded",
)


def flatten(summary: Mapping[str, Any], prefix: str = "", *, min_count: int, by_reason: bool = False) -> dict[str, Any]:
    """Nested counts as one level, ``a.b.c`` to the value; empty parts are left out, small counts by reason hidden.

    Args:
        min_count: the smallest number of people that is said.
    """
    flat: dict[str, Any] = {}
    for name, value in summary.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{path}.", min_count=min_count, by_reason=by_reason or name in BY_REASON))
        else:
            flat[path] = f"fewer than {min_count}" if by_reason and 0 < value < min_count else value
    return flat


def markdown_table(rows: Mapping[str, Any]) -> str:
    """A two-column table."""
    lines = ["| what | value |", "|---|---|"]
    lines += [f"| {str(name).replace('|', '/')} | {str(value).replace('|', '/')} |" for name, value in rows.items()]
    return "\n".join(lines)


def show(study: Study, stage: str, summary: Mapping[str, Any]) -> None:
    """Keep a stage's summary as an artifact of the run, with a history over runs."""
    key = f"{study.name}-{stage}".replace("_", "-").lower()
    flat = flatten(summary, min_count=study.settings.evaluation.min_count)
    text = f"## {stage} ({study.name})\n\n{markdown_table(flat)}\n"
    create_markdown_artifact(markdown=text, key=key, description=f"Summary of {stage} for {study.name}")
