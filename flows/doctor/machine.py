"""Checks of the machine: Python and packages, disk, clock."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from flows.doctor.finding import Finding, Place, some
from schemas.reading.places import is_far

PYTHONS = ((3, 11), (3, 13))
SPARE = 256 * 2**20
"""Bytes that a night needs beside its drop: scores, logs, Prefect's database."""
TIMES = 3
"""So many times the bytes of a drop are needed: parted by person, valid rows and features, scores."""
AHEAD = dt.timedelta(minutes=10)


def python(place: Place) -> Iterator[Finding]:
    """Python, and every package against constraints.txt."""
    version = sys.version_info[:2]
    said = ".".join(str(part) for part in sys.version_info[:3])
    if not PYTHONS[0] <= version <= PYTHONS[1]:
        yield Finding("fault", f"Python {said} is not one of 3.11 to 3.13", "make install PYTHON=python3.11")
    pinned = _pinned(place.root / "constraints.txt")
    installed = {_plain(each.name): each.version for each in metadata.distributions() if each.name}
    other = [
        f"{name} is {installed[name]}, not {wanted}"
        for name, wanted in pinned.items()
        if name in installed and installed[name].partition("+")[0] != wanted.partition("+")[0]
    ]
    absent = [name for name in _needed(place.root / "pyproject.toml") if name not in installed]
    if absent:
        yield Finding("fault", f"{len(absent)} packages are not installed: {some(absent)}", "make install")
    if other:
        words = f"{len(other)} packages are not those of constraints.txt: {some(other)}"
        yield Finding("fault", words, "pip install -c constraints.txt -e '.[pipeline,boosters,gp,dev]'")
    if not absent and not other:
        yield Finding("ok", f"Python {said}, every installed package as constraints.txt has it")


def disk(place: Place) -> Iterator[Finding]:
    """Free space wherever a night writes, against what its last drops took."""
    largest = max((_size(drop) for study in place.studies for drop in _last_drops(study.inbox)), default=0)
    need = TIMES * largest + SPARE
    folders = [place.root, place.home, *(place.root / "data" / name for name in ("tables", "staging", "registry"))]
    devices = {folder.stat().st_dev: folder for folder in reversed(folders) if folder.exists()}
    for folder in devices.values():
        free = shutil.disk_usage(folder).free
        words = f"{_gib(free)} are free on the disk of {folder}, a night needs about {_gib(need)}"
        if free < need:
            following = "make room: old drops in data/inbox, `dvc gc --workspace`, vacuum (docs/published.md)"
            yield Finding("fault", words, following)
        else:
            yield Finding("ok", words)


def clock(place: Place) -> Iterator[Finding]:
    """The machine's clock against what was recorded with it."""
    times = [moment for study in place.studies if (moment := _last_recorded(study.published)) is not None]
    zones = sorted({study.settings.schedule.timezone for study in place.studies})
    if times and max(times) > place.now + AHEAD:
        words = (
            f"the clock says {_minute(place.now)} UTC, but a table was written at {_minute(max(times))}: it is behind"
        )
        yield Finding("fault", words, "timedatectl status; switch network time on (timedatectl set-ntp true)")
        return
    yield Finding("ok", f"it is {_minute(place.now)} UTC; schedules are in {', '.join(zones) or 'no zone'}")


def _last_recorded(tables: Path) -> dt.datetime | None:
    """When the newest commit of a study's tables was written, by the files of their logs."""
    if is_far(tables) or not tables.is_dir():
        return None
    logs = [file.stat().st_mtime for file in tables.glob("*/_delta_log/*.json")]
    return dt.datetime.fromtimestamp(max(logs), dt.UTC) if logs else None


def _last_drops(inbox: Path) -> list[Path]:
    if is_far(inbox) or not inbox.is_dir():
        return []
    return sorted(path for path in inbox.iterdir() if path.is_dir() and not path.name.startswith("."))[-3:]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _pinned(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    pairs = (line.split("#")[0].split(";")[0].strip().partition("==") for line in lines)
    return {_plain(name): version for name, _, version in pairs if version}


def _needed(file: Path) -> list[str]:
    """What the nightly job cannot do without, by pyproject.toml."""
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"] if file.is_file() else {}
    wanted = [*project.get("dependencies", ()), *project.get("optional-dependencies", {}).get("pipeline", ())]
    return [_plain(re.split(r"[\s\[<>=~!;]", line)[0]) for line in wanted]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _gib(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"


def _minute(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")
