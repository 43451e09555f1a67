"""What is reported by task of how tasks share, as one report: each task's row from its own network or input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ROWS = ("gates", "stitches")  # by task, or a list of such by level or layer; by group where there are groups


def merged(sharing: Mapping[str, Any]) -> dict[str, Any]:
    """A report of the usual form, each task's row of its own, whatever a network reports by task.

    Where every task was stopped at its own best epoch (``by_task``) it is answered by a network of its own, which
    learned all tasks together up to that epoch. Where tasks see different features (``trunk``) each has a row of its
    own in one network. Either way only what concerns the task itself is ever used.
    """
    if "by_task" in sharing:
        return _merge({task: _on_its_row(task, report) for task, report in sharing["by_task"].items() if report})
    groups = {"groups": sharing["groups"]} if "groups" in sharing else {}
    rows = {task: {**groups, **report} for task, report in sharing.get("trunk", {}).items()}
    return {**sharing, **(_merge(rows) if rows else {})}


def _merge(reports: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    groups = next(iter(reports.values()), {}).get("groups")
    found: dict[str, Any] = {"groups": groups} if groups else {}
    for key in _ROWS:
        if any(key in report for report in reports.values()):
            found[key] = _by_group(reports, key, groups)
    if any("attention" in report for report in reports.values()):
        weights = {task: report["attention"] for task, report in reports.items() if "attention" in report}
        found["attention"] = {task: rows.get(task) or rows["all"] for task, rows in weights.items()}
    if any("distance" in report for report in reports.values()):
        rows = {task: _distances(task, report.get("distance", {})) for task, report in reports.items()}
        found["distance_rows"] = {task: row for task, row in rows.items() if row}
    return found


def _on_its_row(task: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """A network's report with what it says of the row that the task alone has, where tasks see different features."""
    own = report.get("trunk", {}).get(task, {})
    return {**{key: value for key, value in report.items() if key != "trunk"}, **own}


def _by_group(reports: Mapping[str, Mapping[str, Any]], key: str, groups: Any) -> Any:
    if not groups:
        return _rows({task: report[key] for task, report in reports.items() if key in report})
    found = {}
    for group in groups:
        name = ", ".join(group)
        values = {task: reports[task][key][name] for task in group if name in reports.get(task, {}).get(key, {})}
        if values:
            found[name] = _rows(values)
    return found


def _rows(values: Mapping[str, Any]) -> Any:
    """Each task's row of its own value; a value is rows by task, or a list of them."""
    if isinstance(next(iter(values.values())), list):
        n = len(next(iter(values.values())))
        return [_rows({task: value[place] for task, value in values.items()}) for place in range(n)]
    return {task: value[task] for task, value in values.items()}


def _distances(task: str, pairs: Mapping[str, Any]) -> dict[str, float]:
    """Distances of a task from the others, in its own network."""
    found: dict[str, float] = {}
    for name, value in pairs.items():
        if isinstance(value, Mapping):  # by group
            found |= _distances(task, value)
        elif task in (ends := name.split(", ")):
            found[next(end for end in ends if end != task)] = value
    return found
