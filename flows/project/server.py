"""The Prefect server of this machine: whether one answers, whose it is, and refusing one that is another checkout's."""

from __future__ import annotations

import base64
import json
import os
import socket
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from flows.project.paths import write_text

HOST = "127.0.0.1"
CLAIM = "mtl-health-checkout"
SERVING = "mtl-health-serving.json"
# whatever proxy the environment names, this machine is asked itself
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ForeignServerError(RuntimeError):
    """What answers on the port, or keeps its state in Prefect's home, is not this checkout's."""


@dataclass(frozen=True)
class Server:
    """A server on a port of this machine."""

    port: int

    @classmethod
    def from_environment(cls) -> Server:
        """The port that PREFECT_SERVER_API_PORT names, else Prefect's usual one.

        Raises:
            ValueError: if that is no port.
        """
        named = os.environ.get("PREFECT_SERVER_API_PORT", "4200")
        if not (named.isdecimal() and 0 < int(named) < 65536):
            raise ValueError(f"PREFECT_SERVER_API_PORT is {named!r}: name a port between 1 and 65535")
        return cls(int(named))

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://{HOST}:{self.port}/api"

    def healthy(self) -> bool:
        """Whether a Prefect server answers."""
        return self._ask("health") is True

    def port_is_taken(self) -> bool:
        """Whether something listens on the port, a Prefect server or not."""
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex((HOST, self.port)) == 0

    def home(self) -> Path | None:
        """The folder of the server's own state, PREFECT_HOME where it was started; None if it does not say."""
        settings = self._ask("admin/settings")
        return Path(settings["home"]).resolve() if isinstance(settings, dict) and settings.get("home") else None

    def require_own(self, home: Path) -> None:
        """Make sure that the server that answers keeps its state in ``home``.

        Raises:
            ForeignServerError: if it does not.
        """
        if (found := self.home()) != home.resolve():
            whose = f"whose state is in {found}" if found else "that does not say whose it is"
            raise ForeignServerError(
                f"on {HOST}:{self.port} answers a Prefect server {whose}, not this checkout's in {home}: its nights "
                f"would run elsewhere; stop it, or choose another port: {_ANOTHER}"
            )

    def require_free(self) -> None:
        """Make sure that nothing listens on the port.

        Raises:
            ForeignServerError: if something does.
        """
        if self.port_is_taken():
            raise ForeignServerError(
                f"port {self.port} of {HOST} is taken by a program that is no Prefect server: stop it, or choose "
                f"another port: {_ANOTHER}"
            )

    def _ask(self, what: str) -> Any:
        return ask(self.url, what)


def ask(url: str, what: str, body: dict[str, Any] | None = None, *, timeout: float = 5) -> Any:
    """What a server's API answers, without importing Prefect; None if it gives no answer.

    Args:
        url: of the API.
        what: the path behind it.
        body: what is sent; nothing is where it is left out.
        timeout: seconds to wait.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/{what}", data=data, headers={"Content-Type": "application/json"})
    if login := os.environ.get("PREFECT_API_AUTH_STRING") or os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with _DIRECT.open(request, timeout=timeout) as answer:
            return json.load(answer)
    except (OSError, HTTPException, ValueError):
        return None


_ANOTHER = "PREFECT_SERVER_API_PORT=4300 make serve"


def claim_home(home: Path, root: Path) -> None:
    """Note in Prefect's home which checkout's deployments its database holds; a home inside the checkout is its own.

    Raises:
        ForeignServerError: if it holds those of another checkout: both have the same names.
    """
    if home.resolve().is_relative_to(root.resolve()):
        return
    note = home / CLAIM
    named = Path(note.read_text(encoding="utf-8").strip()) if note.is_file() else root
    if named != root and (named / "params.yaml").is_file():
        raise ForeignServerError(
            f"PREFECT_HOME={home} serves the checkout {named}, whose deployments have the names of ours: unset "
            "PREFECT_HOME, or name another folder"
        )
    write_text(note, f"{root}\n")


@dataclass(frozen=True)
class Serving:
    """What `make serve` notes of itself in Prefect's home when it starts; the note stays when it ends.

    Attributes:
        pid: of its process.
        port: of its server.
        since: when it started, as ISO text.
    """

    pid: int
    port: int
    since: str

    @classmethod
    def read(cls, home: Path) -> Serving | None:
        """The note; None where nothing was ever served, or it is none."""
        try:
            return cls(**json.loads((home / SERVING).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, home: Path) -> None:
        """Note it."""
        write_text(home / SERVING, json.dumps(asdict(self)) + "\n")

    def is_alive(self) -> bool:
        """Whether the process works; another may have its number by now."""
        command = Path(f"/proc/{self.pid}/cmdline")
        if command.parent.parent.joinpath("self").exists():
            return command.is_file() and b"flows.schedule.serve" in _read(command)
        with suppress(OSError):
            os.kill(self.pid, 0)
            return True
        return False


def use_serving(home: Path) -> None:
    """Have the runs of this process recorded by the server that `make serve` started, unless another one is named.

    What people type is then beside the nights in its pages, and whoever was told of a failure is told of its mending.
    """
    if "PREFECT_API_URL" in os.environ:
        return
    serving = Serving.read(home)
    if serving and serving.is_alive() and (server := Server(serving.port)).home() == home.resolve():
        os.environ["PREFECT_API_URL"] = server.url


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
