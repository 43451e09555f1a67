"""What a command adds to the environment that it is given, and what it leaves alone."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from flows.project.environment import prepare, variables


def test_what_the_user_has_set_stays() -> None:
    added = variables(Path("/x"), {"PREFECT_HOME": "/elsewhere", "PREFECT_LOGGING_LEVEL": "INFO"})
    assert not {"PREFECT_HOME", "PREFECT_LOGGING_LEVEL"} & set(added)
    assert added["MTL_HEALTH_ROOT"] == "/x"


@pytest.mark.parametrize("given", ["", "example.org", "example.org, 127.0.0.1", "*"])
def test_this_machine_is_reached_past_a_proxy(given: str) -> None:
    added = variables(Path("/x"), {"no_proxy": given} if given else {})
    hosts = added["no_proxy"].split(",")
    assert added["NO_PROXY"] == added["no_proxy"]
    assert set(hosts) == {"127.0.0.1", "localhost", "::1", *(host.strip() for host in given.split(",") if host)}
    assert len(hosts) == len(set(hosts))


def test_proxies_of_any_kind_leave_the_local_server_in_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's client is httpx: it is built, and asks this machine itself."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in (("http_proxy", "http://127.0.0.1:9"), ("ALL_PROXY", "socks5://127.0.0.1:9")):
        monkeypatch.setenv(name, value)
    for name in variables(Path("/x"), os.environ):
        monkeypatch.setenv(name, "")  # so that each is put back when the test ends
        monkeypatch.delenv(name)
    (tmp_path / "params.yaml").touch()
    prepare(tmp_path)
    with httpx.Client() as client:
        direct = client._transport
        assert client._transport_for_url(httpx.URL("http://127.0.0.1:4200/api")) is direct
        assert client._transport_for_url(httpx.URL("http://localhost:4200/api")) is direct
        assert client._transport_for_url(httpx.URL("http://example.org/")) is not direct


@pytest.mark.parametrize("home", ["/a b ü#100%/.prefect", "/a?b/.prefect"])
def test_prefects_database_lies_in_its_home(home: str) -> None:
    from sqlalchemy import make_url

    added = variables(Path("/x"), {"PREFECT_HOME": home})
    url = added.get("PREFECT_SERVER_DATABASE_CONNECTION_URL", f"sqlite+aiosqlite:///{home}/prefect.db")
    database = str(make_url(url).database)
    assert database in (f"{home}/prefect.db", "file:/a%3Fb/.prefect/prefect.db")
