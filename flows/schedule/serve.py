"""Start Prefect's server on this machine and serve the flows on their schedules until stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from flows.project.environment import prepare
from flows.project.errors import sentence_of
from flows.project.paths import project_root
from flows.project.server import HOST, Server, Serving, claim_home

START_SECONDS = 120


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the server and the deployments as children; stop both together. What a user can mend is one sentence."""
    try:
        root = project_root()
        prepare(root)
        sys.exit(serve(root, Server.from_environment()))
    except (ValueError, OSError, RuntimeError) as error:
        sys.exit(f"error: {sentence_of(error)}")


def serve(root: Path, server: Server) -> int:
    """Start what is not running yet, serve until told to stop, and give the status to end with.

    Raises:
        RuntimeError: if the port or Prefect's home is another's, or the server does not start.
    """
    home = Path(os.environ["PREFECT_HOME"])
    claim_home(home, root)
    environment = {
        **os.environ,
        "PREFECT_API_URL": server.url,
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_LOGGING_LEVEL": "INFO",
        # what an automation waits for in vain is swept away after a minute, also where a busy server has not looked yet
        "PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER": "PT1H",
    }
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _stop)
    children: list[subprocess.Popen[bytes]] = []
    try:
        if not server.healthy():
            server.require_free()
            children.append(_start(server, environment))
            _await(server, children[0])
        server.require_own(home)
        Serving(os.getpid(), server.port, datetime.now(UTC).isoformat(timespec="seconds")).write(home)
        print(f"Prefect: http://{HOST}:{server.port}  (flows, schedules and every stage's summary)", flush=True)
        children.append(subprocess.Popen([sys.executable, "-m", "flows.schedule.deployments"], env=environment))
        return children[-1].wait()
    except KeyboardInterrupt:
        print("stopping", flush=True)
        return 0
    finally:
        _end(children)


def _start(server: Server, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(server.port)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _await(server: Server, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.healthy():
        if child.poll() is not None:
            raise RuntimeError(f"Prefect's server ended at its start on {HOST}:{server.port}: what it said is above")
        if time.monotonic() > deadline:
            raise RuntimeError(f"Prefect's server did not answer on {HOST}:{server.port} within {START_SECONDS} s")
        time.sleep(0.5)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        child.terminate()
    for child in children:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()


if __name__ == "__main__":
    main()
