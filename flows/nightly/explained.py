"""What became of one person on one date, and what it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from flows.nightly.person_keys import person_keys
from flows.nightly.update.told import told_of
from flows.stores.dated import state_of
from flows.study.study import Study
from mtl_models.data.dataset import PERSON

_OF_TRAINING = {"git_revision": "code of its training", "params_hash": "params of its training"}


def explained(study: Study, person: str, date: str) -> dict[str, dict[str, Any]]:
    """What to say of a person, by title. It holds no value of theirs, but tells that they are in the data.

    Raises:
        ValueError: if the date has no row of that person, or persons are hashed and the key of the hash is not there.
    """
    state = state_of(study.tables, date)
    names = dict.fromkeys((person_keys(study).of(person), person))  # dates of before the hash have the key itself
    scored = _rows(state.scores, names) if state else pl.DataFrame()
    noted = _rows(state.rejects, names) if state else pl.DataFrame()
    if scored.is_empty() and noted.is_empty():
        raise ValueError(
            f"{date} has no row of this person: they were not in its drop, their key could not be read, or the date "
            f"was not scored; `mtl-health tonight --study {study.name} --date {date}` tells the last"
        )
    said: dict[str, dict[str, Any]] = {"": {"outcome": "scored" if scored.height else _outcome(noted)}}
    for row in noted.iter_rows(named=True):
        where = f"{row['table']}, {row['file']} line {row['line']}" if row["file"] else row["table"]
        reasons = "; ".join(f"{reason['column'] or 'the whole row'}: {reason['rule']}" for reason in row["reasons"])
        said[""] |= {f"{row['outcome']} from {where}": reasons}
    assert state is not None
    run = state.run
    if run.get("withheld") and scored.height:
        said[""] |= {"not scored for": run["withheld"]}
    said["the run"] = {
        "run": run["run_id"],
        "finished": f"{run['finished_at']:%Y-%m-%d %H:%M} UTC",
        "code": run["git_revision"],
        "params": run["params_hash"],
        **{f"data: {file}": checksum for file, checksum in json.loads(run["data_hashes"]).items()},
    }
    said["the model"] = _model(study, run)
    return said


def _rows(read: Callable[..., pl.DataFrame], names: Iterable[str]) -> pl.DataFrame:
    """The rows of a person by the first of their names that has any."""
    found = (read(only=(PERSON, name)) for name in names)
    return next((rows for rows in found if rows.height), pl.DataFrame())


def _outcome(noted: pl.DataFrame) -> str:
    outcomes = noted["outcome"].unique().to_list()
    return "rejected" if "rejected" in outcomes else "excluded"


def _model(study: Study, run: dict[str, Any]) -> dict[str, Any]:
    version, registry = run["model_version"], study.registry
    promotions = registry.promotions().filter(
        pl.col("model_version") == version, pl.col("promoted_at") <= run["started_at"]
    )
    said = {"model": version}
    if promotions.height:
        last = promotions.row(-1, named=True)
        said |= {"champion since": f"{last['promoted_at']:%Y-%m-%d %H:%M} UTC", "because": last["reason"]}
    held = registry.manifest(version)
    said |= {words: held[name] for name, words in _OF_TRAINING.items() if name in held}
    lines = told_of(held)
    return said | {f"correction {place}": line for place, line in enumerate(lines, start=1)}
