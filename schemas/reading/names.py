"""Names that were meant to be declared ones: another case, marks around them, a letter too many or too few."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LONG_ENOUGH = 5  # letters from which on one wrong letter still shows which name was meant
_MOST_WORDS = 8  # of a declared name
# what a second copy or an export adds to a name; it cannot be a word about a person
_MARKS = re.compile(r"\d{1,2}|[xyv]\d{0,2}|copy|kopie|copia|copie|of|von|de|new|old|final|bak|backup|export|tmp|part")


def plain(name: str) -> str:
    """``name`` in lower case, with nothing but its letters and digits."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def shown(name: str) -> str:
    """``name`` as a sentence may hold it: without the signs that cannot be seen or that end a line."""
    return "".join(letter for letter in name if letter.isprintable()).strip()


class Names:
    """Declared names, to be asked which of them another name was meant to be; it takes no longer the more there are."""

    def __init__(self, declared: Iterable[str]) -> None:
        self._plain: dict[str, str] = {}
        self._shortened: dict[str, list[str]] = {}
        for name in declared:
            if not (bare := plain(name)):
                continue  # nothing resembles a name without a letter
            self._plain.setdefault(bare, name)
            for short in _shortened(bare):
                self._shortened.setdefault(short, []).append(bare)

    def meant(self, name: str) -> tuple[str, bool] | None:
        """The declared name that ``name`` resembles, and whether ``name`` holds nothing else, so that it may be quoted.

        A name with other words around the declared one resembles it too, but those words may be about a person.
        """
        words = [word for word in re.split(r"[\W_]+", unicodedata.normalize("NFKC", name).casefold()) if word]
        bare = "".join(word for word in words if not _MARKS.fullmatch(word))
        whole = plain(name)
        near = (other for short in _shortened(whole) for other in self._shortened.get(short, ()))
        for found in (whole, bare, next((other for other in near if _one_letter_off(whole, other)), "")):
            if found in self._plain:
                return self._plain[found], True
        places = range(len(words))
        inside = ("".join(words[start : end + 1]) for start in places for end in places[start:][:_MOST_WORDS])
        return next(((self._plain[part], False) for part in inside if part in self._plain), None)


def _shortened(name: str) -> set[str]:
    """A long name itself, and with each of its letters left out: names of one wrong letter share one of these."""
    if len(name) < _LONG_ENOUGH:
        return set()
    return {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}


def _one_letter_off(name: str, wanted: str) -> bool:
    """Whether one letter is added, left out, changed, or swapped with the next; another digit is another name."""
    if min(len(name), len(wanted)) < _LONG_ENOUGH or abs(len(name) - len(wanted)) > 1 or name == wanted:
        return False
    if [sign for sign in name if sign.isdigit()] != [sign for sign in wanted if sign.isdigit()]:
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
