"""The contract of each published table of a study, as the code of now says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.nightly.score_contract import meanings_of, scores_contract
from flows.project.storage import shown
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.meanings import MEANINGS
from schemas.odcs.columns import properties_of
from schemas.published import Champions, Landings, Rejects, Runs, Watched
from schemas.reading.places import is_far

API = "v3.2.0"
MAJORS = {"scores": 1, "rejects": 1, "runs": 1, "champions": 1, "landings": 1, "watched": 1}
"""The major version of every table's contract. A change of the code that breaks what readers build on raises it here; a
change of a study's tasks that breaks its `scores` raises `published.majors` in the study's block of params.yaml."""


@dataclass(frozen=True)
class _About:
    """What a contract says of a table as a whole."""

    purpose: str
    row: str
    keys: tuple[str, ...]
    partition: str = ""
    usage: str = "Read columns by name: new ones are added last, and are empty in rows of before."
    limits: str = ""
    personal: str = ""


_ABOUT: dict[str, _About] = {
    "scores": _About(
        "What the champion predicted for every person of a date's drop.",
        "a person on a date",
        ("person_id", "score_date"),
        "score_date",
        usage="Read columns by name: new ones are added last, and are empty on dates of before. Read one date, or the "
        "newest of each person (`mtl-health latest`).",
        limits="Predictions of a model, not measurements. A date is replaced as a whole when it is scored again.",
        personal="health data of persons",
    ),
    "rejects": _About(
        "Rows that broke the contract of the raw tables, with every reason, and people outside the cohort.",
        "a rejected row, or an excluded person",
        (),
        "batch",
        limits="Holds rows as they were received: only for those who may read the raw tables.",
        personal="health data of persons as they were received",
    ),
    "runs": _About(
        "The ledger: what went into every run, what came out, with which model.",
        "a run that finished",
        ("run_id",),
        limits="A run without a row did not finish.",
    ),
    "landings": _About(
        "What landed when, in counts.",
        "a date that landed",
        ("landed_on",),
        limits="Counts only. A date that lands again replaces its row.",
    ),
    "champions": _About(
        "Every promotion: which model scores since when, and why.",
        "a promotion",
        ("promoted_at",),
        limits="The row with the latest `promoted_at` is the champion.",
    ),
    "watched": _About(
        "What was watched of each night: tables, inputs, scores, and performance as outcomes come in.",
        "a thing that was watched on a date",
        ("score_date", "area", "measure", "name", "part"),
        "score_date",
        limits="Counts and figures. Something is in alarm after several nights beyond its limit, or at once if dead.",
    ),
}


def contracts_of(study: Study) -> dict[str, dict[str, Any]]:
    """The contract of each table by its name, its version the lowest of its major.

    Raises:
        ValueError: if a column has no words in ``schemas.meanings``.
    """
    tasks = study.settings.task_records
    scores = scores_contract(tasks)
    predictions = meanings_of(tasks)
    tables: dict[str, tuple[Any, Mapping[str, str]]] = {
        "scores": (scores, {**MEANINGS["scores"], **predictions}),
        "rejects": (Rejects.to_schema(), MEANINGS["rejects"]),
        "runs": (Runs.to_schema(), MEANINGS["runs"]),
        "champions": (Champions.to_schema(), MEANINGS["champions"]),
        "landings": (Landings.to_schema(), MEANINGS["landings"]),
        "watched": (Watched.to_schema(), MEANINGS["watched"]),
    }
    made = {}
    for name, (schema, meanings) in tables.items():
        about = _ABOUT[name]
        if missing := [column for column in schema.columns if column not in meanings]:
            raise ValueError(f"{name}: column {missing[0]} has no words: add them to schemas/meanings.py")
        columns = properties_of(schema, meanings, keys=about.keys, partition=about.partition, later=list(predictions))
        kind = study.settings.published.person_key
        columns = [_person(column, kind) if column["name"] == PERSON else column for column in columns]
        made[name] = _document(study, name, about, columns)
    return made


def _person(column: dict[str, Any], kind: str) -> dict[str, Any]:
    """The column of persons, with what it holds."""
    said = {**column, "classification": "restricted", "customProperties": [{"property": "personKey", "value": kind}]}
    if kind == "hashed":
        said["description"] += ", as its keyed hash (HMAC-SHA256) in hexadecimal figures"
        said["logicalTypeOptions"] = {"pattern": "^[0-9a-f]{64}$"}
    return said


def major_of(study: Study, table: str) -> int:
    """The major version that a contract has by code and params: the higher of the two."""
    return max(MAJORS[table], dict(study.settings.published.majors).get(table, 0))  # type: ignore[call-overload, no-any-return]


def _document(study: Study, name: str, about: _About, columns: list[dict[str, Any]]) -> dict[str, Any]:
    place = study.published / name
    settings = study.settings
    far = is_far(place)
    where = {"type": "s3", "location": str(place)} if far else {"type": "local", "path": shown(place, study.root)}
    described = {"purpose": about.purpose, "usage": about.usage, "limitations": about.limits}
    document: dict[str, Any] = {
        "apiVersion": API,
        "kind": "DataContract",
        "id": f"{study.name}-{name}",
        "name": f"{name} of {settings.title}",
        "version": f"{major_of(study, name)}.0.0",
        "status": "active",
        "domain": study.name,
        "dataProduct": study.name,
        "description": {key: words for key, words in described.items() if words},
        "servers": [{"server": "tables", **where, "format": "delta"}],
        "schema": [
            {
                "name": name,
                "logicalType": "object",
                "physicalType": "table",
                "physicalName": name,
                "description": about.purpose,
                "dataGranularityDescription": f"one row: {about.row}",
                "properties": columns,
            }
        ],
    }
    if about.personal:
        document["customProperties"] = [{"property": "personalData", "value": about.personal}]
    if name == "scores":
        document["slaProperties"] = [
            {
                "property": "frequency",
                "value": 1,
                "unit": "d",
                "scheduler": "cron",
                "schedule": settings.schedule.score,
                "description": f"a date a night, in the time zone {settings.schedule.timezone}",
            }
        ]
    return document
