"""What is said of an update: a line a part with its figures, why nothing is changed, what Prefect's page shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flows.nightly.update.trial import Tried
from flows.report.words import listing

NOTHING = "nothing is changed"


def line_of(record: dict[str, Any]) -> str:
    """What was tried of a part, in a line with its figures."""
    said = f"{record['part']}: {record['words']}"
    if record["any_p"] is not None:
        said += f"; chance of so large a difference from nothing {p_text(record['any_p'])}"
    if record["further_p"] is not None:
        said += f", of a slope beside an intercept alone {p_text(record['further_p'])}"
    if record["gain"] is not None:
        value, low, high = (f"{each:+.4f}".replace("-", "−") for each in record["gain"])
        said += f"; on people held apart {value} nats of likelihood a person [{low}, {high}]"
    return f"{said}; {record['why']}"


def p_text(p: float) -> str:
    """A chance for a reader."""
    return "under 0.0001" if p < 1e-4 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def why_nothing(tried: Sequence[Tried]) -> str:
    """Why nothing is changed, the parts together that have one reason."""
    by_reason: dict[str, list[str]] = {}
    for each in tried:
        by_reason.setdefault(each.why, []).append(each.part.name)
    return f"{NOTHING}: " + "; ".join(f"{listing(names)}: {why}" for why, names in by_reason.items())


def summary_of(row: dict[str, Any]) -> dict[str, Any]:
    """What a page shows of an update."""
    details = json.loads(row["details"])
    tried = {each["part"]: line_of(each) for each in details["tried"]}
    return {
        "corrected": row["promoted"],
        "reason": details["reason"],
        "tried": tried,
        "points to a training": "; ".join(details["refit"]) or "nothing",
        "unchanged": row["unchanged"],
    }
