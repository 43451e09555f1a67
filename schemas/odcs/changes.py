"""What a contract says otherwise than the one before, and which version it must have for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
_HELD = ("logicalType", "physicalType", "unique", "primaryKey", "primaryKeyPosition", "partitioned")
"""What a reader of a column builds on: another value breaks what they have written."""


@dataclass(frozen=True)
class Changes:
    """What is otherwise, a phrase each.

    Attributes:
        breaking: what a reader of the contract before may stumble over.
        additive: what they can pass over.
        other: whether anything else differs, such as words.
    """

    breaking: tuple[str, ...] = ()
    additive: tuple[str, ...] = ()
    other: bool = False

    @property
    def level(self) -> str:
        """The part of the version that has to be raised: ``major``, ``minor``, ``patch``, or nothing."""
        return "major" if self.breaking else "minor" if self.additive else "patch" if self.other else ""


def changes_of(before: Document, after: Document) -> Changes:
    """What ``after`` says otherwise than ``before``; versions are not compared."""
    if _without_version(before) == _without_version(after):
        return Changes()
    old, new = _columns(before), _columns(after)
    breaking, additive = [], []
    for name, column in old.items():
        if name not in new:
            breaking.append(f"column {name} is gone")
            continue
        broken, wider = _column_changes(column, new[name])
        breaking += [f"column {name}: {words}" for words in broken]
        additive += [f"column {name}: {words}" for words in wider]
    for name, column in new.items():
        if name not in old:
            if column.get("required"):
                breaking.append(f"column {name} is new and required, which rows of before cannot keep")
            else:
                additive.append(f"column {name} is new")
    return Changes(tuple(breaking), tuple(additive), other=True)


def _column_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    broken = [f"{key} was {old.get(key)} and is {new.get(key)}" for key in _HELD if old.get(key) != new.get(key)]
    wider = []
    if old.get("required") and not new.get("required"):
        broken.append("it was never empty and may be now")
    elif new.get("required") and not old.get("required"):
        wider.append("it is never empty any more")
    for what, before, after in (
        *((key, _custom(old).get(key), _custom(new).get(key)) for key in {**_custom(old), **_custom(new)}),
        ("range or pattern", old.get("logicalTypeOptions"), new.get("logicalTypeOptions")),
    ):
        if before and before != after:
            broken.append(f"{what} was {_words(before)} and is {_words(after)}")
        elif after and not before:
            wider.append(f"{what} is said now: {_words(after)}")
    gone, come = _values(old) - _values(new), _values(new) - _values(old)
    if gone and _values(new):
        broken.append(f"{len(gone)} values are not used any more: {', '.join(sorted(gone))}")
    if come and _values(old):
        wider.append(f"{len(come)} values are new: {', '.join(sorted(come))}")
    return broken, wider


def _words(said: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in said.items()) if isinstance(said, dict) else str(said or "none")


def _values(column: Mapping[str, Any]) -> set[str]:
    held = column.get("enum") or (column.get("items") or {}).get("enum") or ()
    return {str(each["value"]) for each in held}


def _custom(column: Mapping[str, Any]) -> dict[str, Any]:
    """What the standard has no word for: the unit, how persons are named."""
    return {each["property"]: each["value"] for each in column.get("customProperties", ())}


def _columns(document: Document) -> dict[str, Mapping[str, Any]]:
    return {column["name"]: column for table in document.get("schema", ()) for column in table["properties"]}


def _without_version(document: Document) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "version"}


def next_version(before: str, changes: Changes, major: int) -> str:
    """The version of a contract that has such changes to the one before.

    Args:
        before: the version before, ``major.minor.patch``.
        changes: since then.
        major: what the code says it is.

    Raises:
        ValueError: if a breaking change has the major version of before, or that is lower than it was.
    """
    held, minor, patch = parsed(before)
    if major < held:
        raise ValueError(f"its major version was {held} and is {major} now: a version never goes back")
    if major > held:
        return f"{major}.0.0"
    if changes.breaking:
        raise ValueError(f"it breaks what readers build on: {'; '.join(changes.breaking)}")
    if changes.additive:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + changes.other}"


def parsed(version: str) -> tuple[int, int, int]:
    """Major, minor and patch of a version."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def version_after(documents: Iterable[Document], made: Document, major: int) -> str:
    """The version of a contract after all that was ever promised, by :func:`next_version`; in whichever order.

    Two changes that were made side by side may both have raised the same version: then what holds both is a higher one.

    Args:
        documents: every one before.
        made: the contract.
        major: what the code says it is.

    Raises:
        ValueError: if it breaks one of the same major version.
    """
    versions = [next_version(before["version"], changes_of(before, made), major) for before in documents]
    return max(versions, key=parsed, default=f"{major}.0.0")
