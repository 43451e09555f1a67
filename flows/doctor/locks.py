"""The check of locks: who holds one, and what a killed run has left that keeps others out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from flows.doctor.finding import Finding, Place, some

LONG_S = 4 * 3600.0
"""A retraining is ended after so many seconds: whoever holds a lock longer hangs."""


def locks(place: Place) -> Iterator[Finding]:
    """Locks of DVC and ours. A lock file that no process holds keeps nobody out."""
    held = []
    for file in _lock_files(place.root):
        if holder := _holder(file):
            pid, state, age = holder
            words = f"{file.relative_to(place.root)} is held by process {pid} for {age / 60:.0f} minutes"
            held.append(words)
            if state == "T":
                yield Finding("fault", f"{words}; that process is stopped", f"kill -CONT {pid}, or kill {pid}")
            elif age > LONG_S:
                yield Finding("fault", f"{words}; nothing works that long", f"ps {pid}; kill {pid}")
            else:
                yield Finding("note", f"{words}: a run is at work", "wait until it has ended")
    yield from _rwlock(place.root)
    left = [folder.name for study in place.studies for folder in _unheld(study.paths.staging)]
    if left:
        words = f"a killed run has left rows of people in data/staging: {some(left)}"
        yield Finding("note", words, "the next scoring run of the study removes them")
    if not held:
        yield Finding("ok", "no lock is held")


def _rwlock(root: Path) -> Iterator[Finding]:
    """DVC's list of who reads and writes what: it passes over processes that are gone, but not over other programs."""
    file = root / ".dvc" / "tmp" / "rwlock"
    if not file.is_file() or not (text := file.read_text(encoding="utf-8", errors="replace")).strip():
        return
    name, following = file.relative_to(root), f"rm {file.relative_to(root)}"
    try:
        entries = json.loads(text)
        readers = [reader for each in entries.get("read", {}).values() for reader in each]
        pids = {int(holder["pid"]) for holder in [*entries.get("write", {}).values(), *readers]}
    except (ValueError, TypeError, KeyError, AttributeError):
        yield Finding("fault", f"{name} was cut off by a killed run, and DVC refuses to start", following)
        return
    others = [pid for pid in pids if _command(pid) is not None and b"dvc" not in (_command(pid) or b"")]
    if others:
        words = f"{name} names process {others[0]}, which is no DVC: a killed run left it, and DVC calls its files busy"
        yield Finding("fault", words, following)


def _lock_files(root: Path) -> list[Path]:
    patterns = (".dvc/tmp/*lock", "data/registry/*/.*.lock", "data/tables/*/.*.lock", "data/staging/*/.*.lock")
    return sorted(file for pattern in patterns for file in root.glob(pattern) if file.is_file())


def _unheld(staging: Path) -> list[Path]:
    """Folders of dates in which no run works."""
    folders = [path for path in staging.glob("*") if path.is_dir()] if staging.is_dir() else []
    return [folder for folder in folders if not _holder(folder.with_name(f".{folder.name}.lock"))]


def _holder(file: Path) -> tuple[int, str, float] | None:
    """The process that holds a lock file: its number, its state and its age in seconds; no lock is tried for it."""
    if not file.is_file() or not os.path.exists("/proc/locks"):
        return None
    inode = str(file.stat().st_ino)
    for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if "->" not in fields and len(fields) > 5 and fields[5].rpartition(":")[2] == inode and int(fields[4]) > 0:
            return (pid := int(fields[4])), *_state(pid)
    return None


def _state(pid: int) -> tuple[str, float]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError):
        return "?", 0.0
    return fields[0], max(0.0, up - int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def _command(pid: int) -> bytes | None:
    """The command line of a process; None where there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
