"""A copy of the project in which whole flows may run."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from flows.project.environment import variables
from flows.project.settings import read_studies

ROOT = Path(__file__).parents[1]
SAMPLES = ("nhanes", "heart", "whas500", "nmes1988")
"""The studies whose data the repository ships, and of which its documentation speaks."""
STUDIES = tuple(read_studies(ROOT))
"""All studies of params.yaml: the samples, and those that somebody has added."""
# a folder as people have them: every copy of the project runs in one
FOLDER = "Müller's #1 study? 100%"
# the studies' own today: their schedules are in UTC
NIGHT = dt.datetime.now(dt.UTC).date().isoformat()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Project:
    """A copy of the project that a test may change and run commands in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MTL_HEALTH_"))},
            "PYTHONPATH": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            # the copy's state stays in the copy
            "MTL_HEALTH_ROOT": str(folder),
        }

    def run(self, *command: str, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder; ``mtl-health`` is the command line of this very copy."""
        if command[0] == "mtl-health":
            command = (sys.executable, "-m", "flows.cli", *command[1:])
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    @contextmanager
    def server(self) -> Iterator[str]:
        """Prefect's server of this copy: every command then talks to it instead of starting one of its own."""
        port = free_port()
        url = f"http://127.0.0.1:{port}/api"
        environment = {**self.environment, **variables(self.folder, self.environment)}
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(600):
                with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/health", timeout=2):
                    break
                time.sleep(0.2)
            self.environment["PREFECT_API_URL"] = url
            yield url
        finally:
            self.environment.pop("PREFECT_API_URL", None)
            server.terminate()
            server.wait(timeout=30)


FEWER = "booster_seeds: 2, lightgbm: {num_leaves: [3], max_rounds: 15}, catboost: {depth: [3], max_rounds: 15}"
REPEATS, FOLDS = 2, 3


def _fewer_fits(params: Path) -> None:
    """Short fits and small boosters in the study that the tests train: longer ones show no more and take minutes."""
    head, mark, heart = params.read_text().partition("\n  heart:\n")
    models = "baselines: {models: [single_task, linear, lightgbm, catboost]"
    assert models in heart
    assert "epochs: 100\n" in heart
    heart = heart.replace("epochs: 100\n", "epochs: 8\n", 1).replace(models, f"{models}, {FEWER}", 1)
    # a test's drop is whole as soon as it is there
    heart = heart.replace("    schedule:", "    night: {settle_s: 0, retry_wait_s: 0.5}\n    schedule:", 1)
    params.write_text(head + mark + heart)


def _fewer_repeats(project: Project) -> None:
    """Two repeats of three folds in that study: with one repeat there is no mean, with two folds no validation."""
    folds = project.folder / "data" / "raw" / "heart" / "splits" / "folds.csv"
    header, *rows = (line.split(",") for line in folds.read_text().splitlines())
    fewer = [[person, *(str(int(fold) % FOLDS) for fold in numbers[:REPEATS])] for person, *numbers in rows]
    folds.chmod(0o644)
    folds.write_text("".join(f"{','.join(row)}\n" for row in [header[: 1 + REPEATS], *fewer]))
    project.run("dvc", "commit", "--quiet", "--force", "data/raw/heart.dvc")


def copy_project(target: Path) -> Project:
    """Tracked and new files of the checkout, as a git repository of its own, sample data restored through DVC."""
    with tempfile.TemporaryDirectory() as outside:
        listing = ["git"]
        if not (ROOT / ".git").exists():  # unpacked from an archive: git may still say what is not ignored
            subprocess.run(["git", "init", "--quiet", "--bare", outside], check=True)
            listing += ["--git-dir", outside, "--work-tree", str(ROOT)]
        listing += ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in listed:
        if (ROOT / name).is_file() and name != "dvc.lock":  # nothing is up to date in a new copy
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    _fewer_fits(target / "params.yaml")
    project = Project(target)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    project.run("git", "init", "--quiet")
    project.run("dvc", "pull", "--quiet", "--remote", "samples", "--recursive", "data/raw")
    _fewer_repeats(project)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    project.run("git", "add", "--all")
    project.run(*git, "commit", "--quiet", "--message", "copy")
    return project


def readable(root: Path, who: int) -> set[str]:
    """Files that somebody gets to, given the bit for reading of "group" (0o040) or "others" (0o004)."""
    found = set()
    for folder, folders, files in os.walk(root):
        mode = Path(folder).stat().st_mode
        if folder != str(root) and not mode & (who >> 2):
            folders.clear()
            continue
        found |= {
            str(Path(folder, name).relative_to(root)) for name in files if Path(folder, name).stat().st_mode & who
        }
    return found


@contextmanager
def closed_to_us(folder: Path) -> Iterator[None]:
    """A folder that is another user's; root, whom no mode stops, is somebody else for the time."""
    mode, us = folder.stat().st_mode, os.geteuid()
    folder.chmod(0)
    if us == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if us == 0:
            os.seteuid(us)
        folder.chmod(mode)


def serve_at(root: Path, port: int | str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What ``make serve`` runs, in a checkout of its own that needs no more than its params."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    given |= {"MTL_HEALTH_ROOT": str(root), "PREFECT_SERVER_API_PORT": str(port), **environment}
    command = [sys.executable, "-m", "flows.schedule.serve"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)


def running_with(variable: bytes) -> list[list[str]]:
    """The command lines of all processes that have a variable in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if variable in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_text().split("\0"))
    return found


def kill_after(delay: float, command: list[str], **options: Any) -> None:
    """Start a command, and kill it so many seconds after its first line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.kill()


@contextmanager
def cluster_of(n_workers: int, *, threads: int = 1) -> Iterator[str]:
    """The address of a Dask scheduler on this machine, with workers in processes of their own that are restarted."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=n_workers, threads_per_worker=threads, processes=True, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def storage_server() -> Iterator[dict[str, str]]:
    """A server of S3-compatible storage with the bucket ``health``; gives the environment that leads to it."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()  # one that was opened before leads to the server before
    port = free_port()
    found = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        request = urllib.request.Request(f"{found['AWS_ENDPOINT_URL']}/health", method="PUT")
        for _ in range(300):
            with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(request, timeout=5):
                break
            time.sleep(0.1)
        yield found
    finally:
        server.terminate()
        server.wait(timeout=30)
