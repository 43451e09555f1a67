"""Processes that end together: children in a group, signals that let cleaning up run, workers that are no orphans."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import connection, parent_process
from pathlib import Path
from types import FrameType
from typing import IO

GRACE = 10.0
MARK = "MTL_HEALTH_RUN"


class Ended(SystemExit):
    """A signal ends this process; any other ``SystemExit`` is somebody's own."""


def run_in_group(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float, stderr: int | IO[str] | None
) -> subprocess.CompletedProcess[str]:
    """Run a command with whatever it starts as one group, which is ended if the time is over or we are.

    Raises:
        subprocess.TimeoutExpired: after ``timeout`` seconds.
    """
    child = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True, process_group=0
    )
    try:
        out, said = child.communicate(timeout=timeout)
    except BaseException:
        end_group(child)
        raise
    return subprocess.CompletedProcess(command, child.returncode, out, said)


def end_group(child: subprocess.Popen[str]) -> None:
    """End a child that leads a group and all that is in it: asked first, then without asking."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=GRACE)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def end_at_once() -> None:
    """Let this process end without a last search for dead objects.

    Of those of the imported libraries it finds hundreds of thousands, and takes as long as importing them. What has to
    be done at the end is done all the same: by ``with``, ``finally`` and what was registered for it.
    """
    atexit.register(gc.freeze)


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process like an error does: what it has started is ended too.

    By default they end it on the spot: Prefect's temporary server and DVC would go on. A signal that is ignored, as
    under ``nohup``, stays ignored.
    """
    for signum in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, _end)


def keep_watch() -> None:
    """Have what this process starts ended too if it is killed outright, and cannot do so itself (see the keeper)."""
    if _HELD:
        return
    mark = f"{os.getpid()}-{time.time_ns()}"
    ours, theirs = os.pipe()  # the end to write to is closed by our death alone: no child inherits it
    command = [sys.executable, "-S", str(Path(__file__).with_name("keeper.py")), f"{MARK}={mark}"]
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    nowhere = subprocess.DEVNULL
    subprocess.Popen(command, stdin=ours, stdout=nowhere, stderr=nowhere, env=environment, start_new_session=True)
    os.close(ours)
    _HELD.append(theirs)
    os.environ[MARK] = mark


_HELD: list[int] = []


def _end(signum: int, frame: FrameType | None) -> None:
    signal.signal(signum, signal.SIG_IGN)  # once is enough: a second one would break off the cleaning up
    raise Ended(128 + signum)


def end_with_parent() -> None:
    """In a worker process: stop as soon as the process that started it is gone, however it ended."""
    if parent := parent_process():
        threading.Thread(target=_wait_for, args=(parent.sentinel,), daemon=True).start()


def _wait_for(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
