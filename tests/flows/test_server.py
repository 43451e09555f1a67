"""A server on the port says whose it is; another's is refused in one sentence, and at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.server import CLAIM, ForeignServerError, Server, claim_home
from tests.support import ROOT, Project, free_port


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / "checkout" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "checkout" / name).touch()
    return tmp_path / "checkout"


def serve(root: Path, port: int | str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``make serve`` in another checkout."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    given |= {"MTL_HEALTH_ROOT": str(root), "PREFECT_SERVER_API_PORT": str(port), **environment}
    command = [sys.executable, "-m", "flows.serve"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_that_another_program_has_is_named_at_once(checkout: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        started = time.monotonic()
        done = serve(checkout, other.getsockname()[1])
    assert done.returncode == 1
    assert "is no Prefect server" in done.stderr
    assert "PREFECT_SERVER_API_PORT=4300 make serve" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("port", ["", "http", "0", "70000", "-1"])
def test_what_is_no_port_is_said(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", port)
    with pytest.raises(ValueError, match="name a port between 1 and 65535"):
        Server.from_environment()


def test_nothing_answers_on_a_free_port() -> None:
    server = Server(free_port())
    assert not server.healthy()
    assert not server.port_is_taken()
    assert server.home() is None
    server.require_free()


def test_a_home_that_two_checkouts_name_belongs_to_the_first(checkout: Path, tmp_path: Path) -> None:
    claim_home(checkout / ".prefect", checkout)  # its own: nothing to note
    assert not (checkout / ".prefect").exists()
    other = tmp_path / "other"
    claim_home(tmp_path / "home", checkout)
    claim_home(tmp_path / "home", checkout)
    with pytest.raises(ForeignServerError, match="unset PREFECT_HOME"):
        claim_home(tmp_path / "home", other)
    (checkout / "params.yaml").unlink()  # that checkout is gone
    claim_home(tmp_path / "home", other)
    assert (tmp_path / "home" / CLAIM).read_text() == f"{other}\n"


@pytest.mark.slow
def test_another_checkouts_server_is_refused(nightly: Project, checkout: Path) -> None:
    url = nightly.environment["PREFECT_API_URL"]
    server = Server(int(url.split(":")[2].split("/")[0]))
    assert server.healthy()
    assert server.home() == (nightly.folder / ".prefect").resolve()
    server.require_own(nightly.folder / ".prefect")
    done = serve(checkout, server.port, http_proxy="http://127.0.0.1:9", all_proxy="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "not this checkout's" in done.stderr
    assert "PREFECT_SERVER_API_PORT=4300 make serve" in done.stderr
    assert len(done.stderr.splitlines()) == 1
