"""The page of an update: what was tried of each outcome, what it was worth, what the gate said, what is next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.nightly.update.words import p_text
from flows.project.paths import write_text
from flows.report.words import count
from flows.study.study import Study

_TEMPLATE = Path(__file__).with_name("update.html")


def page_path(study: Study, date: str) -> Path:
    """Where the page of a date lies."""
    return study.paths.updates / f"{date}.html"


def write_page(study: Study, row: Mapping[str, Any]) -> Path:
    """Write the page of an update from its row of the ledger, and give its path."""
    from flows.report.templates import render

    path, details, least = (
        page_path(study, row["batch"]),
        json.loads(row["details"]),
        study.settings.evaluation.min_count,
    )
    shown = {name: count(details[name], least) for name in ("n_scored", "n_fitted", "n_judged")}
    page = render(
        _TEMPLATE,
        study=study.settings.title,
        date=row["batch"],
        reason=details["reason"],
        promoted=row["promoted"],
        details={**details, **shown},
        tried=[_shown(each) for each in details["tried"]],
        settings=study.settings.update,
    )
    write_text(path, page)
    return path


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    """Figures of a part as text."""
    gain = record["gain"]
    texts = [f"{each:+.4f}".replace("-", "−") for each in gain] if gain else []
    return {
        **record,
        **{name: "–" if record[name] is None else p_text(record[name]) for name in ("any_p", "further_p")},
        "gain": f"{texts[0]} [{texts[1]}, {texts[2]}]" if texts else "–",
        "ratios": " → ".join("–" if each is None else f"{each:.2f}" for each in (record["before"], record["after"])),
        "numbers": _numbers(record),
    }


def _numbers(record: Mapping[str, Any]) -> str:
    """Shift and slope of what was tried last."""
    if record["shift"] is None:
        return "–"
    shift = ", ".join(f"{each:+.3g}".replace("-", "−") for each in record["shift"])
    return f"shift {shift}; slope {record['slope'][0]:.3g}"
