"""Persons by their keyed hash: the same every time, in an order that tells nothing, for whoever has the key."""

from __future__ import annotations

import hashlib
import hmac
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.nightly import person_keys as module
from flows.nightly import steps
from flows.nightly.again import settled
from flows.nightly.explained import explained
from flows.nightly.person_keys import PersonKeys, person_keys
from flows.nightly.run import open_run
from flows.project.published import PublishedSettings
from flows.project.settings import ShardSettings
from flows.study.study import Study
from tests.flows.support import drop_of, run_all
from tests.support import NIGHT, ROOT, Project

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


@pytest.mark.parametrize("bucket", [7, 40, 250_000])
@pytest.mark.parametrize("shard", [1, 9, 100])
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


@pytest.mark.slow
def test_a_night_by_hashes(copy_night: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores, rejects and excluded people; by shards as at once; explained to whoever has the key."""
    project, date = copy_night("hashed"), "2026-05-01"
    plain = Study(project.folder, "heart").tables.scores.read(NIGHT)
    params = project.folder / "params.yaml"
    params.write_text(
        params.read_text().replace(
            "\n  heart:\n", f"\n  heart:\n    published: {{person_key: hashed, secret: {{environment: {VARIABLE}}}}}\n"
        )
    )
    drop = drop_of(project, date)
    rows = (drop / "cleveland.csv").read_text().splitlines(keepends=True)
    person, rejected = rows[5].split(",")[0], rows[9].split(",")[0]
    rows[9] = f"{rejected},nobody,{rows[9].split(',', 2)[2]}"
    (drop / "cleveland.csv").write_text("".join(rows))
    score = ["score", "--study", "heart", "--date", date]
    explain = ["explain-score", person, "--study", "heart", "--date", date]
    for code, _, error in run_all(project, score, explain):
        assert code == 1
        assert f"the variable {VARIABLE} is not there" in error
    project.environment[VARIABLE] = SECRET
    monkeypatch.setenv(VARIABLE, SECRET)
    said = run_all(project, score, score, explain, [explain[0], rejected, *explain[2:]], [*explain[:-1], NIGHT])
    assert [code for code, _, _ in said] == [0] * 5, said
    assert "nothing had changed" in said[1][1]
    assert [each[1].split("outcome")[1].split()[0] for each in said[2:]] == ["scored", "rejected", "scored"]
    study = Study(project.folder, "heart")
    scores, rejects = study.tables.scores.read(date), study.tables.rejects.read(date)
    expected = plain.with_columns(pl.col("person_id").map_elements(by_hand, return_dtype=pl.String))
    expected = expected.filter(pl.col("person_id") != by_hand(rejected)).sort("person_id")
    rest = ("score_date", "run_id", "scored_at")
    assert_frame_equal(scores.drop(rest), expected.drop(rest))
    assert rejects["person_id"].to_list() == [by_hand(rejected)]
    assert study.tables.scores.read(NIGHT).equals(plain), "dates of before stay as they are"
    run = open_run(study, date)
    assert settled(run)
    steps.work_through_all(run, ShardSettings(people=17, at_once_mb=0))
    steps.publish(run)
    shutil.rmtree(run.staging)
    assert_frame_equal(study.tables.scores.read(date).drop("scored_at"), scores.drop("scored_at"))
    monkeypatch.setenv(VARIABLE, SECRET[::-1])
    assert open_run(study, date).run_id != run.run_id, "another key, other names: the date is scored anew"
    with pytest.raises(ValueError, match="has no row of this person"):
        explained(study, person, date)
