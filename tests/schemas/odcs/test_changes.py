"""Which changes of a contract break what readers build on, and the version that each must have."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest

from schemas.odcs.changes import changes_of, next_version, version_after
from schemas.odcs.columns import properties_of
from schemas.published import ScoreColumn, scores_schema

SCHEMA = scores_schema(
    [
        ScoreColumn(name="tc", kind="number", unit="mg/dL"),
        ScoreColumn(name="diabetes", kind="binary"),
        ScoreColumn(name="diabetes__p", kind="probability"),
        ScoreColumn(name="health", kind="class", values=("good", "poor")),
        ScoreColumn(name="chronic", kind="set", values=("asthma", "stroke")),
    ]
)
MEANINGS = {name: f"the {name}" for name in SCHEMA.columns}
Column = dict[str, Any]


def document() -> dict[str, Any]:
    columns = properties_of(
        SCHEMA, MEANINGS, keys=("person_id", "score_date"), partition="score_date", later=["tc", "health"]
    )
    return {"version": "2.3.4", "name": "scores", "schema": [{"name": "scores", "properties": columns}]}


def column(made: dict[str, Any], name: str) -> Column:
    return next(each for each in made["schema"][0]["properties"] if each["name"] == name)  # type: ignore[no-any-return]


def test_columns_by_hand() -> None:
    made = document()
    assert column(made, "person_id") == {
        "name": "person_id",
        "logicalType": "string",
        "physicalType": "string",
        "description": "the person_id",
        "required": True,
        "primaryKey": True,
        "primaryKeyPosition": 1,
    }
    assert column(made, "score_date")["physicalType"] == "date"
    assert column(made, "score_date")["partitioned"]
    assert column(made, "tc")["required"] is False
    assert column(made, "tc")["customProperties"] == [{"property": "unit", "value": "mg/dL"}]
    assert column(made, "diabetes")["enum"] == [{"value": 0}, {"value": 1}]
    assert column(made, "diabetes__p")["logicalTypeOptions"] == {"minimum": 0, "maximum": 1}
    assert column(made, "chronic")["items"]["enum"] == [{"value": "asthma"}, {"value": "stroke"}]
    assert (column(made, "scored_at")["logicalType"], column(made, "diabetes")["physicalType"]) == ("timestamp", "byte")


def test_a_list_of_structs() -> None:
    reasons = pl.List(pl.Struct({"column": pl.String, "rule": pl.String}))
    made = properties_of(pa.DataFrameSchema({"reasons": pa.Column(reasons)}), {"reasons": "why"})
    assert made[0]["physicalType"] == "array<struct<column:string,rule:string>>"
    assert [each["name"] for each in made[0]["items"]["properties"]] == ["column", "rule"]


BREAKING: dict[str, Callable[[dict[str, Any]], Any]] = {
    "column tc is gone": lambda made: made["schema"][0]["properties"].remove(column(made, "tc")),
    "column tc: physicalType was double and is float": lambda made: column(made, "tc").update(physicalType="float"),
    "column run_id: it was never empty and may be now": lambda made: column(made, "run_id").update(required=False),
    "column tc: unit was mg/dL and is mmol/L": lambda made: column(made, "tc").update(
        customProperties=[{"property": "unit", "value": "mmol/L"}]
    ),
    "column diabetes__p: range or pattern was minimum 0, maximum 1 and is maximum 100": lambda made: column(
        made, "diabetes__p"
    ).update(logicalTypeOptions={"maximum": 100}),
    "column health: 1 values are not used any more: poor": lambda made: column(made, "health").update(
        enum=[{"value": "good"}]
    ),
    "column score_date: partitioned was True and is None": lambda made: column(made, "score_date").pop("partitioned"),
    "column alt is new and required, which rows of before cannot keep": lambda made: made["schema"][0][
        "properties"
    ].append({"name": "alt", "logicalType": "number", "physicalType": "double", "required": True}),
}
ADDITIVE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "column alt is new": lambda made: made["schema"][0]["properties"].append(
        {"name": "alt", "logicalType": "number", "physicalType": "double", "required": False}
    ),
    "column tc: it is never empty any more": lambda made: column(made, "tc").update(required=True),
    "column health: 1 values are new: fair": lambda made: column(made, "health")["enum"].append({"value": "fair"}),
    "column chronic: 1 values are new: cancer": lambda made: column(made, "chronic")["items"]["enum"].append(
        {"value": "cancer"}
    ),
}


@pytest.mark.parametrize("words", BREAKING)
def test_what_breaks_needs_a_higher_major(words: str) -> None:
    before, after = document(), document()
    BREAKING[words](after)
    changes = changes_of(before, after)
    assert changes.breaking == (words,)
    assert changes.level == "major"
    with pytest.raises(ValueError, match="it breaks what readers build on"):
        next_version("2.3.4", changes, 2)
    assert next_version("2.3.4", changes, 3) == "3.0.0"


@pytest.mark.parametrize("words", ADDITIVE)
def test_what_only_adds_raises_the_minor(words: str) -> None:
    before, after = document(), document()
    ADDITIVE[words](after)
    changes = changes_of(before, after)
    assert (changes.breaking, changes.additive) == ((), (words,))
    assert next_version("2.3.4", changes, 2) == "2.4.0"


def test_words_raise_the_patch_and_nothing_raises_nothing() -> None:
    before, after = document(), document()
    assert next_version("2.3.4", changes_of(before, {**after, "version": "9.9.9"}), 2) == "2.3.4"
    column(after, "tc")["description"] = "cholesterol"
    assert next_version("2.3.4", changes_of(before, after), 2) == "2.3.5"
    with pytest.raises(ValueError, match="a version never goes back"):
        next_version("2.3.4", changes_of(before, after), 1)


def test_a_contract_stands_behind_all_that_was_promised() -> None:
    """In whichever order it was promised: two changes made side by side may both have raised the same version."""
    first, wider, other, both = document(), document(), document(), document()
    for made in (wider, both):
        ADDITIVE["column alt is new"](made)
    for made in (other, both):
        ADDITIVE["column health: 1 values are new: fair"](made)

    def after(made: dict[str, Any], major: int, *before: tuple[dict[str, Any], str]) -> str:
        return version_after(({**copy.deepcopy(held), "version": version} for held, version in before), made, major)

    assert after(first, 1) == "1.0.0"
    assert after(wider, 1, (first, "1.0.0")) == "1.1.0"
    assert after(both, 1, (first, "1.0.0"), (wider, "1.1.0"), (other, "1.1.0")) == "1.2.0"
    assert after(both, 1, (both, "1.1.0"), (other, "1.1.0")) == "1.2.0"
    assert after(both, 1, (other, "1.1.0"), (both, "1.2.0"), (both, "1.1.0")) == "1.2.0"
    for past in (((wider, "1.1.0"), (first, "1.0.0")), ((first, "1.0.0"), (wider, "1.1.0"))):
        with pytest.raises(ValueError, match="column alt is gone"):
            after(first, 1, *past)
        assert after(first, 2, *past) == "2.0.0"
