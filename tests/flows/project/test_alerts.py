"""The block `alerts`: who is told, and no secret in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.project.alerts import KINDS, parse_alerts, read_alerts
from mtl_models.wording import SettingsError


def test_without_a_block_nobody_is_told(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("studies: {}\n")
    assert read_alerts(tmp_path).to == {}


def test_a_receiver_is_reached_by_the_environment_or_by_a_block_of_prefect() -> None:
    to = {"on-call": {"url_from": "PAGER_URL"}, "chat": {"block": "slack-webhook/ward"}}
    settings = parse_alerts({"to": to, "kinds": ["failure", "stale"]}, "params.yaml")
    assert settings.to["on-call"].type == "webhook"
    assert settings.kinds == ("failure", "stale")
    assert parse_alerts({}, "params.yaml").kinds == tuple(KINDS)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"to": {"on-call": {"url_from": "https://hooks.example.org/secret"}}}, "not a URL"),
        ({"to": {"on-call": {"url": "https://hooks.example.org/secret"}}}, "url"),
        ({"to": {"on-call": {}}}, "needs `url_from`"),
        ({"to": {"on-call": {"url_from": "A", "block": "slack-webhook/a"}}}, "needs `url_from`"),
        ({"to": {"on-call": {"block": "slack"}}}, "TYPE/NAME"),
        ({"to": {"On Call": {"url_from": "A"}}}, "small letters"),
        ({"to": {"on-call": {"type": "slak", "url_from": "A"}}}, "the nearest is 'slack'"),
        ({"kinds": ["failures"]}, "the nearest is 'failure'"),
        ({"late_minutes": 0}, "late_minutes"),
    ],
)
def test_what_is_wrong_is_a_sentence_that_quotes_no_secret(block: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as error:
        parse_alerts(block, "params.yaml")
    assert "secret" not in str(error.value)
