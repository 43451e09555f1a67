"""Words on what is wrong with a setting: a name that is not known, a value of another kind; never the value itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

MOST_LISTED = 30


class Faults(ValueError):
    """What a user has to mend, a sentence each; as text, one line each.

    Attributes:
        sentences: all that was found at once.
    """

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class SettingsError(Faults):
    """Faults of settings, each said once."""

    def __init__(self, sentences: Iterable[str]) -> None:
        super().__init__(*dict.fromkeys(sentences))


def slug(text: str) -> str:
    """Lower-case ``text`` with everything but letters and digits turned into single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that is most like ``name``, whatever its case; nothing if none is near."""
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(str(name).lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def unknown(name: object, known: Iterable[str], what: str = "name") -> str:
    """Words on a name that is none of ``known``: the others where they are few, and the nearest."""
    names = list(known)
    if not names:
        return f"{str(name)!r} is no {what}: there are none"
    listed = f"none of {', '.join(names)}" if len(names) <= MOST_LISTED else f"no {what}"
    found = nearest(name, names)
    return f"{str(name)!r} is {listed}" + (f"; the nearest is {found!r}" if found else "")


def type_fault(value: object, wanted: str) -> str:
    """Words on a value of another kind than the ``wanted`` one, with what YAML makes of a text without quotes."""
    if value is None:
        return f"must be {wanted}, but nothing stands there"
    said = f"must be {wanted}, not {_kind(value)}"
    if wanted == "text" and isinstance(value, bool):
        return f"{said}: YAML reads No, Yes, On and Off as that, put the word in quotes"
    if wanted == "text" and not isinstance(value, list | tuple | dict):
        return f"{said}: put it in quotes"
    if wanted.endswith("number") and isinstance(value, str):
        return f"{said}: leave out quotes, and write 1.0e-3 for 1e-3"
    if wanted.startswith("a list") and not isinstance(value, list | tuple | dict):
        return f"{said}: put it in square brackets"
    return said


def _kind(value: object) -> str:
    """What a value is, in words."""
    kinds = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", tuple: "a list"}
    return kinds.get(type(value), "a block of keys" if isinstance(value, Mapping) else "a date")
