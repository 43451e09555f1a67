"""A time after which work is stopped, whatever it does: an error in Python, the end of the process elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

GRACE = 30.0
"""Seconds for what an error has to clean up, before the process is ended."""


class StepTimeoutError(RuntimeError):
    """A step took longer than it may, and was stopped."""


@contextmanager
def deadline(seconds: float, what: str, key: str, *, grace: float = GRACE) -> Iterator[None]:
    """Let what runs inside take some seconds at most.

    When they are over, an error is raised in it, which ends child processes as any error does. A call into a library
    that does not come back sees no error: then a process beside this one ends it, with all that it has started. The
    tables are as after any other kill.

    Args:
        seconds: how long it may take.
        what: what it is, in words.
        key: of params.yaml that says so.
        grace: seconds from the error to the end of the process.

    Raises:
        StepTimeoutError: when the time is over.
    """
    watchdog = _watchdog(seconds + grace)
    in_main = threading.current_thread() is threading.main_thread()

    def stop(signum: int, frame: FrameType | None) -> None:
        raise StepTimeoutError(
            f"{what} took longer than {seconds:g} seconds ({key}) and was stopped; nothing of it was published: run it "
            "again, or allow more"
        )

    before = signal.signal(signal.SIGALRM, stop) if in_main else None
    try:
        if in_main:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        if in_main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert watchdog.stdin is not None
        watchdog.stdin.close()
        watchdog.wait()


def _watchdog(seconds: float) -> subprocess.Popen[bytes]:
    """A process that ends this one after some seconds, unless its standard input is closed before."""
    script = str(Path(__file__).with_name("watchdog.py"))
    command = [sys.executable, "-S", "-E", script, str(os.getpid()), str(seconds)]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True)
