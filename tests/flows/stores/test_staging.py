"""Typed rows of people do not outlive the run that made them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert not folder.exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_is_gone_after_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    folder = tmp_path / "heart" / "2026-11-20"

    def fail() -> None:
        with staging(folder):
            rows(folder)
            raise error

    with pytest.raises(error):
        fail()
    assert not folder.exists()
    with staging(folder):
        pass


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
    with staging(tonight):
        assert not left.exists()
