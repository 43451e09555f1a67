"""What was refused of a date's drop: kept, so that nothing tries the same again before something has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.project.paths import read_json, write_json

if TYPE_CHECKING:
    from flows.nightly.run import Run


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


def clear(run: Run) -> None:
    """Forget it: the date was scored."""
    _file(run).unlink(missing_ok=True)
