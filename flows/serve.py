"""Start Prefect's server on this machine and serve the flows on their schedules until stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

from flows.environment import prepare
from flows.paths import project_root

HOST = "127.0.0.1"
START_SECONDS = 120


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the server and the deployments as children; stop both together."""
    root = project_root()
    prepare(root)
    port = os.environ.get("PREFECT_SERVER_API_PORT", "4200")
    url = f"http://{HOST}:{port}/api"
    environment = {
        **os.environ,
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_LOGGING_LEVEL": "INFO",
    }
    signal.signal(signal.SIGTERM, _stop)
    children: list[subprocess.Popen[bytes]] = []
    try:
        if not _healthy(url):
            command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", port]
            children.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(url):
            if time.monotonic() > deadline or (children and children[0].poll() is not None):
                sys.exit(f"Prefect's server did not start on {HOST}:{port}: is the port taken?")
            time.sleep(0.5)
        print(f"Prefect: http://{HOST}:{port}  (flows, schedules and every stage's summary)", flush=True)
        children.append(subprocess.Popen([sys.executable, "-m", "flows.deployments"], env=environment))
        sys.exit(children[-1].wait())
    except KeyboardInterrupt:
        print("stopping", flush=True)
    finally:
        for child in reversed(children):
            child.terminate()
        for child in children:
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                child.kill()


if __name__ == "__main__":
    main()
