"""Typed rows of people do not outlive the run that made them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import filelock
import pytest
from filelock import Timeout

from flows.stores.staging import BusyError, staging
from tests.support import ROOT


def rows(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cleveland.parquet").touch()
    return folder


def test_it_is_empty_at_first_and_gone_at_the_end(tmp_path: Path) -> None:
    folder = rows(tmp_path / "heart" / "2026-11-20")
    with staging(folder):
        assert not folder.exists()
        rows(folder)
    assert not list(folder.parent.iterdir())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_is_gone_after_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    folder = tmp_path / "heart" / "2026-11-20"

    def fail() -> None:
        with staging(folder):
            rows(folder)
            raise error

    with pytest.raises(error):
        fail()
    assert not list(folder.parent.iterdir())
    with staging(folder):
        pass


def test_a_lock_that_the_work_itself_waits_for_is_not_taken_for_another_run(tmp_path: Path) -> None:
    with pytest.raises(Timeout), staging(tmp_path / "heart" / "2026-11-20"):
        raise Timeout("registry")


HOLDER = """
import sys, time; from pathlib import Path; from flows.stores.staging import staging
with staging(Path(sys.argv[1])) as folder:
    folder.mkdir(); (folder / "cleveland.parquet").touch(); print("ready", flush=True); time.sleep(60)
"""


def test_one_date_is_one_runs_and_what_a_killed_run_left_goes_with_the_next_of_any_date(tmp_path: Path) -> None:
    left, tonight = tmp_path / "heart" / "2026-11-20", tmp_path / "heart" / "2026-11-21"
    command = [sys.executable, "-c", HOLDER, str(left)]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    with pytest.raises(BusyError, match="heart: another run scores 2026-11-20 at this moment"), staging(left):
        pass
    with staging(tonight):  # another date goes on, and leaves that run's rows alone
        assert (left / "cleveland.parquet").exists()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert (left / "cleveland.parquet").exists()
    assert (left.parent / ".2026-11-20.lock").exists()
    with staging(tonight):
        assert not left.exists()
    assert not list(left.parent.iterdir())


def test_a_lock_file_that_goes_between_opening_and_locking_it_holds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "heart" / "2026-11-20"
    file, lock = folder.with_name(".2026-11-20.lock"), filelock._unix.lock_fd_nonblocking
    tries: list[int] = []

    def late(descriptor: int) -> bool:
        if not tries:  # another run ends here, and takes its file with it
            file.unlink()
        tries.append(descriptor)
        return lock(descriptor)

    monkeypatch.setattr(filelock._unix, "lock_fd_nonblocking", late)
    with pytest.raises(BusyError), staging(folder):
        pass
    assert tries
    assert not file.exists()


CONTENDER = """
import sys; from pathlib import Path; from flows.stores.staging import BusyError, staging
held = 0
while held < 50:
    try:
        with staging(Path(sys.argv[1])) as folder:
            folder.mkdir()  # an error where another is in here
            (folder / "cleveland.parquet").touch(exist_ok=False)
            held += 1
    except BusyError:
        pass
"""


def test_of_those_who_want_one_date_again_and_again_one_has_it_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "heart" / "2026-11-20"
    command = [sys.executable, "-c", CONTENDER, str(folder)]
    contenders = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [contender.communicate()[1] for contender in contenders]
    assert errors == [""] * 2
    assert not list(folder.parent.iterdir())
