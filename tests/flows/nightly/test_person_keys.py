"""Persons by their keyed hash: the same every time, in an order that tells nothing, for whoever has the key."""

from __future__ import annotations

import hashlib
import hmac
import random
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.nightly import person_keys as module
from flows.nightly.person_keys import PersonKeys, person_keys
from flows.project.published import PublishedSettings
from flows.study.study import Study
from tests.support import ROOT, Project

SECRET = "0123456789abcdef0123456789abcdef"
VARIABLE = "HEART_PERSON_KEY"
BLOCK = {"person_key": "hashed", "secret": {"environment": VARIABLE}}


def by_hand(person: str, secret: str = SECRET) -> str:
    """HMAC as RFC 2104 says it."""
    key = secret.encode().ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C))
    return hashlib.sha256(outer + hashlib.sha256(inner + person.encode()).digest()).hexdigest()


def test_the_hash_is_hmac_sha256() -> None:
    keys = PersonKeys(SECRET.encode())
    assert keys.of("A17") == by_hand("A17") == hmac.new(SECRET.encode(), b"A17", "sha256").hexdigest()
    named = keys.named(pl.DataFrame({"person_id": ["A17", None, "ä"], "x": [1, 2, 3]}))
    assert named["person_id"].to_list() == [by_hand("A17"), None, by_hand("ä")]
    assert named["x"].to_list() == [1, 2, 3]
    assert len({keys.mark, PersonKeys(SECRET[::-1].encode()).mark, PersonKeys().mark}) == 3
    assert (PersonKeys().of("A17"), PersonKeys().mark) == ("A17", "")


@pytest.mark.parametrize(("bucket", "shard"), [(7, 9), (40, 1), (250_000, 30)])
def test_rows_lie_in_the_order_of_the_hashes(
    bucket: int, shard: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they were parted: the order of the keys themselves would tell which hash is whose."""
    monkeypatch.setattr(module, "BUCKET", bucket)
    people = sorted(str(random.Random(0).random()) for _ in range(1)) + [f"{number:04}" for number in range(100)]
    rows = pl.DataFrame({"person_id": people, "x": range(101)})
    keys, folder = PersonKeys(SECRET.encode()), tmp_path / "scratch"
    found = list(keys.in_order(iter(rows.iter_slices(shard)), rows.height, folder))
    assert_frame_equal(pl.concat(found), keys.named(rows).sort("person_id"))
    assert not list(folder.iterdir())
    assert pl.concat(PersonKeys().in_order(iter(rows.iter_slices(shard)), 101, folder)).equals(rows)


def study_with(published: dict[str, object]) -> Study:
    one = Study(ROOT, "heart", "block")
    settings = one.settings.model_copy(update={"published": PublishedSettings.model_validate(published)})
    return one.with_settings(settings)


def test_a_key_that_is_missing_or_short_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ValueError, match=f"studies.heart.published.secret: the variable {VARIABLE} is not there"):
        person_keys(study_with(BLOCK))
    monkeypatch.setenv(VARIABLE, "too short")
    with pytest.raises(ValueError, match="holds fewer than 32 characters") as error:
        person_keys(study_with(BLOCK))
    assert "too short" not in str(error.value)
    monkeypatch.setenv(VARIABLE, SECRET)
    assert person_keys(study_with(BLOCK)).of("A17") == by_hand("A17")
    assert not person_keys(study_with({})).are_hashed
    for wrong in ({"person_key": "hashed"}, {"secret": {"environment": "A", "prefect": "b"}}, {"secret": {}}):
        with pytest.raises(ValueError, match=r"needs `secret`|a secret has one place"):
            PublishedSettings.model_validate(wrong)


IN_PREFECT = f"""
from prefect.blocks.system import Secret
from flows.nightly.person_keys import person_keys
from tests.flows.nightly.test_person_keys import study_with
study = study_with({{"person_key": "hashed", "secret": {{"prefect": "person-key"}}}})
try:
    person_keys(study)
except ValueError as error:
    print(error)
Secret(value="{SECRET}").save("person-key")
print(person_keys(study).of("A17"))
"""


@pytest.mark.slow
def test_the_key_may_be_a_secret_of_prefect(nightly: Project) -> None:
    missing, found = nightly.run(sys.executable, "-c", IN_PREFECT).stdout.splitlines()[-2:]
    assert "the Secret block person-key of Prefect's server is not there" in missing
    assert found == by_hand("A17")
