"""Which dates' drops were refused or stopped, and why: files that `score` leaves in ``data/stopped``."""

from __future__ import annotations

from flows.project.paths import StudyPaths, read_json

MOST = 300
"""Characters of a reason in a list of several."""


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
