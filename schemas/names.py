"""Names that were meant to be declared ones: another case, marks around them, a letter too many or too few."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LONG_ENOUGH = 5  # letters from which on one wrong letter still shows which name was meant
# what a second copy or an export adds to a name; it cannot be a word about a person
_MARKS = re.compile(r"\d{1,2}|[xyv]\d{0,2}|copy|kopie|copia|copie|of|von|de|new|old|final|bak|backup|export|tmp|part")


def plain(name: str) -> str:
    """``name`` in lower case, with nothing but its letters and digits."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def shown(name: str) -> str:
    """``name`` as a sentence may hold it: without the signs that cannot be seen or that end a line."""
    return "".join(letter for letter in name if letter.isprintable()).strip()


def meant(name: str, declared: Iterable[str]) -> tuple[str, bool] | None:
    """The declared name that ``name`` resembles, and whether ``name`` holds nothing else, so that it may be quoted.

    A name with other words around the declared one resembles it too, but those words may be about a person.
    """
    words = [word for word in re.split(r"[\W_]+", unicodedata.normalize("NFKC", name).casefold()) if word]
    bare = [word for word in words if not _MARKS.fullmatch(word)]
    around = None
    for candidate in declared:
        wanted = plain(candidate)
        if plain(name) == wanted or "".join(bare) == wanted or _one_letter_off(plain(name), wanted):
            return candidate, True
        if around is None and _holds(words, wanted):
            around = candidate
    return (around, False) if around else None


def _holds(words: list[str], wanted: str) -> bool:
    """Whether neighbouring words make up the wanted one."""
    return any(
        "".join(words[start:end]) == wanted for start in range(len(words)) for end in range(start, len(words) + 1)
    )


def _one_letter_off(name: str, wanted: str) -> bool:
    """Whether one letter was added, left out or changed, or two neighbours were swapped."""
    if min(len(name), len(wanted)) < _LONG_ENOUGH or abs(len(name) - len(wanted)) > 1 or name == wanted:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(name, wanted, strict=False)) if a != b), min(len(name), len(wanted))
    )
    rest, other = name[start:], wanted[start:]
    swapped = len(rest) > 1 and rest[1::-1] + rest[2:] == other
    return rest[1:] == other or rest == other[1:] or rest[1:] == other[1:] or swapped


def listed(items: list[str], *, most: int = 8) -> str:
    """Items in a row, the last ones as a number where there are many."""
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")
