"""What a command has started ends with it, however it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from flows.project.processes import run_in_group
from tests.support import ROOT

# a child, and a child of it that would go on by itself; both are named in a file, or printed
FAMILY = """
import os, subprocess, sys, time
told = open(sys.argv[1], "w") if sys.argv[1:] else sys.stdout
print(os.getpid(), subprocess.Popen(["sleep", "60"]).pid, file=told, flush=True)
time.sleep(60)
"""
COMMAND = f"""
import os, signal, sys
from pathlib import Path
from flows.project.processes import end_on_signals, run_in_group
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
end_on_signals()
run_in_group([sys.executable, "-c", {FAMILY!r}, sys.argv[1]], cwd=Path.cwd(), env=os.environ, timeout=60, stderr=None)
"""
POOL = """
import multiprocessing, sys, time
from concurrent.futures import ProcessPoolExecutor
from flows.project.processes import end_with_parent
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent) as pool:
        waiting = pool.submit(time.sleep, 60), pool.submit(time.sleep, 60)
        time.sleep(1)
        print(*pool._processes, flush=True)
        time.sleep(60)
"""


def alive(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def left_of(pids: list[int], seconds: float = 20) -> list[int]:
    """Those that still run after some time."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def pids_in(file: Path) -> list[int]:
    deadline = time.monotonic() + 30
    while not (file.exists() and file.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [int(pid) for pid in file.read_text().split()]


def test_what_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as stopped:
        run_in_group([sys.executable, "-c", FAMILY], cwd=tmp_path, env=os.environ, timeout=2, stderr=None)
    pids = [int(pid) for pid in (stopped.value.stdout or b"").split()]
    assert len(pids) == 2
    assert left_of(pids) == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_whole_family(tmp_path: Path, signum: signal.Signals) -> None:
    told = tmp_path / "pids"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", COMMAND, str(told)], env=environment, stderr=subprocess.PIPE)
    pids = pids_in(told)
    assert len(pids) == 2
    assert left_of(pids, 0) == pids
    parent.send_signal(signum)
    parent.communicate(timeout=30)
    assert parent.returncode in (128 + signum, -signum)
    assert left_of(pids) == []


def test_what_a_killed_command_left_is_ended_too(tmp_path: Path) -> None:
    """Not even a child in a session of its own goes on; one that another command started does."""
    told = tmp_path / "pids"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    watched = COMMAND.replace("end_on_signals()", "end_on_signals(); keep_watch()").replace(
        "import end", "import keep_watch, end"
    )
    parent = subprocess.Popen([sys.executable, "-c", watched, str(told)], env=environment)
    stranger = subprocess.Popen(["sleep", "60"], env={**environment, "MTL_HEALTH_RUN": "another"})
    pids = pids_in(told)
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    assert left_of(pids) == []
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_an_ignored_hangup_stays_ignored() -> None:
    program = """
import signal; from flows.project.processes import end_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN); end_on_signals()
print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_workers_end_when_their_stage_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    file.write_text(POOL)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    stage = subprocess.Popen([sys.executable, str(file)], env=environment, stdout=subprocess.PIPE, text=True)
    assert stage.stdout is not None
    workers = [int(pid) for pid in stage.stdout.readline().split()]
    assert len(workers) == 2
    stage.kill()
    stage.wait()
    stage.stdout.close()
    assert left_of(workers) == []
