"""Which model was the champion when, and which was before it; another one put in its place by hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from flows.project.dates import check_date
from flows.study.study import Study

if TYPE_CHECKING:
    from mtl_models.serving.scorer import Scorer

BY_HAND, ROLLED_BACK = "by hand", "rolled back by hand"
SHORT = 12  # figures of a version that are shown; a prefix of this many names one


def champion_on(promotions: pl.DataFrame, date: str, timezone: str) -> dict[str, Any] | None:
    """The promotion that stood at the end of a day in a time zone; None before the first."""
    day = dt.date.fromisoformat(check_date(date))
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZoneInfo(timezone))
    rows = promotions.filter(pl.col("promoted_at") < end.astimezone(dt.UTC))
    return rows.row(-1, named=True) if rows.height else None


def before(promotions: pl.DataFrame) -> str | None:
    """The version that a rollback goes to; None if there is none.

    Who goes back to a version leaves behind all that came after it: after A, B, C and back to B, the one before is A.
    """
    stack: list[str] = []
    for version in promotions["model_version"]:
        if version in stack:
            del stack[stack.index(version) :]
        stack.append(version)
    return stack[-2] if len(stack) > 1 else None


def left_behind(promotions: pl.DataFrame, version: str) -> dt.datetime | None:
    """When a version was rolled back, unless it has been the champion again since."""
    last: dt.datetime | None = None
    for row in promotions.iter_rows(named=True):
        if row["model_version"] == version:
            last = None
        elif row["replaced"] == version and row["reason"].startswith(ROLLED_BACK):
            last = row["promoted_at"]
    return last


def scored_by(study: Study, version: str) -> list[str]:
    """The dates of which the scores that stand in the table are a version's, by the ledger."""
    last = _last_runs(study)
    return last.filter(pl.col("model_version") == version)["batch"].sort().to_list()


def scorer_of(study: Study, date: str) -> str | None:
    """The version that made a date's scores, by the ledger; None if it has none."""
    versions = _last_runs(study).filter(pl.col("batch") == date)["model_version"]
    return versions[0] if len(versions) else None


def _last_runs(study: Study) -> pl.DataFrame:
    """The last run of `score` of each date: it made the scores that stand in the table."""
    runs = study.tables.runs
    if not runs.exists():
        return pl.DataFrame(schema={"batch": pl.String, "model_version": pl.String})
    scored = runs.read().filter(pl.col("flow") == "score").sort("finished_at")
    return scored.group_by("batch", maintain_order=True).last()


def named(study: Study, text: str) -> str:
    """The version that some of its first figures name.

    Raises:
        ValueError: if there is none, or several.
    """
    folder = study.registry.folder / "versions"
    known = sorted(path.name for path in folder.glob("[0-9a-f]*")) if folder.is_dir() else []
    found = [version for version in known if text and version.startswith(text)]
    if len(found) != 1:
        what = "several versions begin" if found else "no version in the registry begins"
        raise ValueError(f"{what} with {text!r}: `mtl-health history --study {study.name}` shows them")
    return found[0]


def take_over(study: Study, version: str, reason: str) -> None:
    """Make a registered version the champion, whatever the gate would say of it, and write its change record.

    Raises:
        ValueError: if it is the champion, its file is not what it was, it needs features that are no longer made, or
            its scores do not fit into the published table.
    """
    from flows.nightly.judging.record import Story, promote_with_record

    if study.registry.require_champion(study.name).version == version:
        raise ValueError(f"model {version[:SHORT]} is the champion already")
    promote_with_record(study, Story(version, reason, {}), *require_fit(study, version))


def require_fit(study: Study, version: str) -> tuple[Scorer, Scorer]:
    """Make sure that a registered version can score, and that its scores fit into the published table.

    Returns:
        It and the champion, ready to score.

    Raises:
        ValueError: if its file is not what it was, it needs features that are no longer made, or its scores do not fit.
    """
    from flows.nightly.task_changes import Changes, table_conflicts
    from mtl_models.serving.scorer import Scorer

    registry = study.registry
    scorer, holder = Scorer(registry.path(version), sha256=version), registry.require_champion(study.name)
    features = study.paths.features / "features.parquet"
    if features.is_file():
        made = set(pl.read_parquet_schema(features))
        if gone := [feature.name for feature in scorer.spec.features if feature.name not in made]:
            raise ValueError(
                f"model {version[:SHORT]} needs {len(gone)} features that the code no longer makes, such as "
                f"{gone[0]}: check out the code that it was trained with"
            )
    before = Scorer(holder.path, sha256=holder.version)
    changes = Changes.between(scorer.tasks, before.tasks)
    if refused := table_conflicts(study.tables.scores, scorer.tasks, changes):
        raise ValueError(f"model {version[:SHORT]} does not fit into the score table: {'; '.join(refused)}")
    return scorer, before
