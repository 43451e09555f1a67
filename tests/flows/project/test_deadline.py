"""Work that takes too long is stopped, with the processes that it has started, whatever it does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.fitting.pool import in_processes
from flows.project.deadline import StepTimeoutError, deadline
from tests.support import running_with

MARK = "MTL_HEALTH_TEST_MARK"
STUCK = """
import itertools, subprocess, sys
from flows.project.deadline import deadline
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
print("ready", flush=True)
with deadline(0.1, "it", "night.score_timeout_s", grace=0.1):
    sum(itertools.repeat(0))  # one call into C that holds the interpreter for ever
"""


def doze(job: int, given: float) -> int:
    time.sleep(given)
    return job


def test_what_ends_in_time_is_left_alone() -> None:
    with deadline(30, "it", "night.score_timeout_s"):
        time.sleep(0.01)
    time.sleep(0.01)


def test_python_that_takes_too_long_is_an_error_that_names_the_key() -> None:
    start = time.monotonic()
    with (
        pytest.raises(StepTimeoutError, match=r"it took longer than 0.1 seconds \(night.score_timeout_s\) and was"),
        deadline(0.1, "it", "night.score_timeout_s"),
    ):
        time.sleep(60)
    assert time.monotonic() - start < 30


def test_worker_processes_are_ended_with_their_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would go on for a minute, and to leave the pool would wait for them."""
    monkeypatch.setenv(MARK, "pool")
    start = time.monotonic()
    with pytest.raises(StepTimeoutError), deadline(1.5, "it", "night.score_timeout_s"):
        list(in_processes(doze, range(2), 120.0, title="doze"))
    assert time.monotonic() - start < 60


def test_a_call_that_does_not_come_back_is_ended_with_all_that_was_started(tmp_path: Path) -> None:
    mark = f"{MARK}={tmp_path}"
    environment = {**os.environ, MARK: str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", STUCK], env=environment, stdout=subprocess.PIPE) as stuck:
        assert stuck.stdout is not None
        assert stuck.stdout.readline() == b"ready\n"
        assert running_with(mark.encode())
        assert stuck.wait(timeout=60) == -9
    end = time.monotonic() + 10
    while running_with(mark.encode()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not running_with(mark.encode())
