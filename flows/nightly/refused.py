"""What was refused of a date's drop: kept, so that nothing tries the same again before something has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.project.paths import StudyPaths, read_json, write_json

if TYPE_CHECKING:
    from flows.nightly.run import Run


MOST = 300
"""Characters of a reason in a list of several."""


def _file(run: Run) -> Path:
    return run.study.paths.stopped / f"{run.date}.refused.json"


def keep(run: Run, sentence: str) -> None:
    """Keep why a run was refused."""
    write_json(_file(run), {"run_id": run.run_id, "why": sentence})


def read(run: Run) -> str | None:
    """Why the very same run, its drop, model, params and code, was refused before; None if it was not."""
    path = _file(run)
    held = read_json(path) if path.is_file() else {}
    return str(held["why"]) if held.get("run_id") == run.run_id else None


def refusals(paths: StudyPaths) -> dict[str, str]:
    """Why each date's drop was refused or stopped by a limit, whatever has come since; none of a date that was scored.

    A sentence without what to type; of several the first, and how many more.
    """
    found = {}
    for path in sorted(paths.stopped.glob("*.json")):
        date, held = path.name.partition(".")[0], read_json(path)
        said = str(held["why"]).splitlines() if "why" in held else list(held.get("limits passed", ()))
        if said:
            more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
            first = said[0].partition("; `mtl-health")[0].removesuffix(":")
            found[date] = (first if len(first) <= MOST else f"{first[: MOST - 1]}…") + more
    return found


def clear(run: Run) -> None:
    """Forget it: the date was scored."""
    _file(run).unlink(missing_ok=True)
