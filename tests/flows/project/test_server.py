"""A server on the port says whose it is; another's is refused in one sentence, and at once."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from flows.project.server import CLAIM, ForeignServerError, Server, claim_home
from tests.support import free_port, serve_at


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / "checkout" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "checkout" / name).touch()
    return tmp_path / "checkout"


def test_a_port_that_another_program_has_is_named_at_once(checkout: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        started = time.monotonic()
        done = serve_at(checkout, other.getsockname()[1])
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
