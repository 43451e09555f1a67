"""The doctor names what is broken on disk by the line of its check, and changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.doctor.examine import examine
from flows.doctor.finding import Finding
from flows.project.server import Serving
from flows.stores.registry import registry_of
from flows.study.study import Study
from tests.support import NIGHT, Project, free_port

pytestmark = pytest.mark.slow

NOW = dt.datetime.fromisoformat(f"{NIGHT}T23:59:00+00:00")
Plant = Callable[[Path], Iterator[None]]


@pytest.fixture(scope="module")
def installation(copy_night: Callable[[str], Project]) -> Path:
    return copy_night("doctor").folder


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "MTL_HEALTH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", str(free_port()))


def look(root: Path, *, now: dt.datetime = NOW) -> list[tuple[str, Finding]]:
    return list(examine(root, "heart", now))


def state_of(root: Path) -> dict[str, tuple[int, int, int]]:
    """Every file and folder with its mode, size and time."""
    found = [*root.rglob("*")]
    return {str(path): (s.st_mode, s.st_size, s.st_mtime_ns) for path in found if (s := path.lstat())}


@contextmanager
def changed(file: Path, content: bytes | None) -> Iterator[None]:
    """A file with other bytes, or without the file."""
    before, times = file.read_bytes() if file.exists() else None, file.stat() if file.exists() else None
    file.unlink(missing_ok=True)
    if content is not None:
        file.write_bytes(content)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        if before is not None and times is not None:
            file.write_bytes(before)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def model_of(root: Path) -> Path:
    registry = registry_of(Study(root, "heart").paths)
    champion = registry.champion()
    assert champion is not None
    return champion.path


@contextmanager
def a_byte_of_the_champion(root: Path) -> Iterator[None]:
    model = model_of(root)
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    with changed(model, bytes(content)):
        yield


@contextmanager
def a_file_of_the_scores_gone(root: Path) -> Iterator[None]:
    with changed(next((root / "data/tables/heart/scores").glob("score_date=*/*.parquet")), None):
        yield


@contextmanager
def a_log_cut_off(root: Path) -> Iterator[None]:
    log = max((root / "data/tables/heart/runs/_delta_log").glob("*.json"))
    with changed(log, log.read_bytes()[:-40]):
        yield


@contextmanager
def a_lock_of_a_stopped_process(root: Path) -> Iterator[None]:
    code = (
        "import fcntl, sys\nfile = open(sys.argv[1], 'w')\nfcntl.flock(file, fcntl.LOCK_EX)\nprint(flush=True)\ninput()"
    )
    lock = root / ".dvc" / "tmp" / "mtl-health.lock"
    lock.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", code, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGSTOP)
        while Path(f"/proc/{holder.pid}/stat").read_text().split()[2] != "T":
            time.sleep(0.01)
        try:
            yield
        finally:
            holder.kill()


@contextmanager
def a_list_of_dvc_cut_off(root: Path) -> Iterator[None]:
    with changed(root / ".dvc" / "tmp" / "rwlock", b'{"write": {"/data": {"pid": 1'):
        yield


@contextmanager
def a_list_of_dvc_with_another_program(root: Path) -> Iterator[None]:
    held = {"write": {"/models": {"pid": os.getpid(), "cmd": "dvc repro"}}, "read": {}}
    with changed(root / ".dvc" / "tmp" / "rwlock", json.dumps(held).encode()):
        yield


@contextmanager
def a_wrong_key(root: Path) -> Iterator[None]:
    params = root / "params.yaml"
    with changed(params, params.read_bytes().replace(b'score: "30 4 * * *"', b'scores: "30 4 * * *"')):
        yield


@contextmanager
def a_disk_that_is_not_mounted(root: Path) -> Iterator[None]:
    inbox = root / "data" / "inbox" / "heart"
    aside = inbox.rename(inbox.with_name("aside"))
    inbox.symlink_to("/mnt/nowhere/drops")
    try:
        yield
    finally:
        inbox.unlink()
        aside.rename(inbox)


@contextmanager
def a_drop_larger_than_the_disk(root: Path) -> Iterator[None]:
    drop = root / "data" / "inbox" / "heart" / NIGHT / "notes.txt"
    with drop.open("wb") as file:
        file.truncate(shutil.disk_usage(root).free)  # a hole: it takes no space itself
    try:
        yield
    finally:
        drop.unlink()


@contextmanager
def a_make_serve_that_was_killed(root: Path) -> Iterator[None]:
    home = root / ".prefect"
    serving = Serving(2**22 + 1, int(os.environ["PREFECT_SERVER_API_PORT"]), f"{NIGHT}T00:00:00+00:00")
    serving.write(home)
    try:
        yield
    finally:
        (home / "mtl-health-serving.json").unlink()


@contextmanager
def another_version_of_a_package(root: Path) -> Iterator[None]:
    pins = root / "constraints.txt"
    content = pins.read_text()
    line = next(line for line in content.splitlines() if line.startswith("polars=="))
    with changed(pins, content.replace(line, "polars==0.1.0").encode()):
        yield


@contextmanager
def a_clock_set_back(root: Path) -> Iterator[None]:
    log = max((root / "data/tables/heart/scores/_delta_log").glob("*.json"))
    times, late = log.stat(), NOW.timestamp() + 86400
    os.utime(log, (late, late))
    try:
        yield
    finally:
        os.utime(log, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def raw_tables_gone(root: Path) -> Iterator[None]:
    raw = root / "data" / "raw" / "heart"
    aside = raw.rename(raw.with_name("aside"))
    try:
        yield
    finally:
        aside.rename(raw)


PLANTS: dict[str, tuple[object, str]] = {
    "registry": (a_byte_of_the_champion, "changed on disk"),
    "tables, a file": (a_file_of_the_scores_gone, "of the table scores 1 of"),
    "tables, a log": (a_log_cut_off, "the log of the table runs cannot be read"),
    "locks, stopped": (a_lock_of_a_stopped_process, "that process is stopped"),
    "locks, cut off": (a_list_of_dvc_cut_off, "DVC refuses to start"),
    "locks, other": (a_list_of_dvc_with_another_program, f"names process {os.getpid()}, which is no DVC"),
    "params": (a_wrong_key, "studies.heart.schedule.scores"),
    "inbox": (a_disk_that_is_not_mounted, "leads to /mnt/nowhere/drops, which is not there"),
    "disk": (a_drop_larger_than_the_disk, "a night needs about"),
    "server": (a_make_serve_that_was_killed, "has ended: no night starts by itself"),
    "python": (another_version_of_a_package, "packages are not those of constraints.txt: polars is"),
    "clock": (a_clock_set_back, "it is behind"),
    "raw data": (raw_tables_gone, "data/raw/heart is empty"),
}


def test_a_sound_installation_has_no_fault_and_is_left_as_it_was(installation: Path) -> None:
    before = state_of(installation)
    found = look(installation)
    assert [line for line in found if line[1].state == "fault"] == []
    assert len({check for check, _ in found}) >= 11
    assert state_of(installation) == before


@pytest.mark.parametrize("name", PLANTS)
def test_what_is_broken_is_named_by_its_check(installation: Path, name: str) -> None:
    plant, words = PLANTS[name]
    with plant(installation):  # type: ignore[operator]
        found = look(installation)
    faults = [(check.removeprefix("heart: "), each) for check, each in found if each.state == "fault"]
    named = [each for check, each in faults if check == name.partition(",")[0]]
    assert len(named) == 1, faults
    assert words in named[0].words
    assert named[0].next
    # what follows from it may be named too, but nothing else
    also = {"inbox": {"nights", "disk"}, "tables, a log": {"nights"}}
    assert {check for check, _ in faults} <= {name.partition(",")[0], *also.get(name, set())}


def test_nights_without_scores_are_named_with_what_to_type(installation: Path) -> None:
    later = NOW + dt.timedelta(days=4)  # night.max_drop_age_days allows three
    found = [each for check, each in look(installation, now=later) if check == "heart: nights"]
    last = (later.date()).isoformat()
    assert [each.state for each in found] == ["fault", "note", "note", "note"]
    assert found[0].words == f"the night of {last} was not scored: it has no drop, the newest is 4 days older"
    assert found[0].next.endswith(f"mtl-health score --study heart --date {last}")


def test_the_command_ends_with_status_1_if_there_is_a_fault(installation: Path) -> None:
    project = Project(installation)
    with a_disk_that_is_not_mounted(installation):
        done = project.run("mtl-health", "doctor", "heart", check=False)
    assert done.returncode == 1
    assert "fault  heart: inbox: data/inbox/heart leads to" in done.stdout
    assert done.stderr == ""
    unknown = project.run("mtl-health", "doctor", "hart", check=False)
    assert unknown.returncode == 1
    assert "the nearest is 'heart'" in unknown.stderr
