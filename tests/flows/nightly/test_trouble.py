"""What may be over in a while is tried again, with longer waits; what data are to blame for is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from flows.nightly.fresh import StaleDropError, nothing_to_score
from flows.nightly.trouble import trying, waits_of
from flows.project.night import NightSettings
from flows.stores.inbox import MARKER, Inbox, NoDropError, UnsettledDropError, drop_hashes
from flows.stores.store import OvertakenError
from flows.study.study import Study
from schemas.faults import TableFault
from tests.support import ROOT

QUICK = NightSettings(retries=2, retry_wait_s=0)


def calls_until(error: Exception, n_failures: int) -> int:
    """How often a function was called that fails so many times."""
    calls = 0

    def fail() -> int:
        nonlocal calls
        calls += 1
        if calls <= n_failures:
            raise error
        return calls

    try:
        trying(fail, QUICK)
    except type(error):
        return -calls
    return calls


def test_a_table_that_another_writer_held_is_tried_again_and_a_bad_drop_is_not() -> None:
    assert calls_until(OvertakenError("locked"), 2) == 3
    assert calls_until(OvertakenError("locked"), 9) == -3
    assert calls_until(TableFault("t", "cut off"), 1) == -1
    assert calls_until(NoDropError("none"), 1) == -1


def test_each_wait_is_twice_as_long_as_the_one_before() -> None:
    assert waits_of(NightSettings(retries=4, retry_wait_s=5)) == [5, 10, 20, 40]
    assert waits_of(NightSettings(retries=0)) == []


def drop(inbox: Path, date: str, age: float = 0) -> Path:
    (inbox / date).mkdir(parents=True)
    file = inbox / date / "cleveland.csv"
    file.write_text("id\n")
    os.utime(file, (time.time() - age, time.time() - age))
    return inbox / date


def test_a_drop_that_is_being_copied_is_not_taken(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    folder = drop(tmp_path, "2026-11-20", age=3600)  # a copy that set the time of its file back
    with pytest.raises(UnsettledDropError, match="may still be being copied"):
        inbox.require_settled("2026-11-20", 5)
    inbox.require_settled("2026-11-20", 0)
    time.sleep(0.3)
    inbox.require_settled("2026-11-20", 0.25)
    contract = Study(ROOT, "heart").contract
    before = drop_hashes(folder, contract)
    (folder / MARKER).touch()
    inbox.require_settled("2026-11-20", 3600)
    assert drop_hashes(folder, contract) == before, "the marker is no part of the drop"
    with pytest.raises(NoDropError):
        inbox.require_settled("2026-11-21", 5)


def test_a_night_without_a_drop_is_a_failure_only_if_the_newest_is_too_old(tmp_path: Path) -> None:
    given = Study(ROOT, "heart").settings
    study = Study(tmp_path, "heart", given=given.model_copy(update={"night": NightSettings(max_drop_age_days=2)}))
    with pytest.raises(StaleDropError, match=r"no drop for 2026-11-20: put .*; there is none before it either"):
        nothing_to_score(study, "2026-11-20")
    drop(study.paths.inbox, "2026-11-20")
    drop(study.paths.inbox, "2026-11-25")  # later than what is asked for: it does not count
    assert nothing_to_score(study, "2026-11-20") is None
    said = nothing_to_score(study, "2026-11-22")
    assert said == "no drop for 2026-11-22, so nothing is to be scored; the newest is of 2026-11-20"
    with pytest.raises(StaleDropError, match="the newest, of 2026-11-20, is 3 days old"):
        nothing_to_score(study, "2026-11-23")
