"""What a run publishes: its rejected rows in the published form, and the check of its scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from flows.nightly import shard_files
from flows.nightly.rejects import excluded_rows, rejected_rows
from flows.nightly.run import Run
from flows.nightly.shard_files import Work
from mtl_models.data.dataset import PERSON
from schemas.published import PublishError, check_published


def check_scores(frames: Iterator[pl.DataFrame], schema: Any) -> None:
    """Make sure that the frames are what the score table holds, and that no person is in two of them.

    Raises:
        PublishError: if not.
    """
    last = ""
    for frame in frames:
        check_published(frame, schema)
        if not frame.height:
            continue
        first, end = (str(key) for key in (frame[PERSON].min(), frame[PERSON].max()))
        if last and first <= last:
            raise PublishError("persons of two shards overlap, so one may be scored twice: nothing was written")
        last = end


def reject_frames(
    run: Run, work: Work, *, batch: str, excluded: bool, most: int | None = None
) -> Iterator[pl.DataFrame]:
    """Rejected rows, and people outside the cohort behind them if they count, in the published form.

    Args:
        run, work: the run, and what it did.
        batch: of the rows.
        excluded: whether people outside the cohort count.
        most: rejected rows of a table; all if left out.
    """
    for frame in shard_files.rejects_of(work, most):
        yield run.keys.named(rejected_rows(frame, batch, run.run_id))
    if excluded:
        for frame in shard_files.excluded_of(work):
            yield run.keys.named(excluded_rows(run.study, frame, batch, run.run_id))
