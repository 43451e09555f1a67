"""A file's value labels against the contract: which of code and label the contract knows, and whether they agree."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from schemas.fields import Rules
from schemas.reading.described import ColumnMetadata


def translation(column: ColumnMetadata, rules: Rules) -> dict[str, str]:
    """The codes that the contract does not know, each to the text by which it knows the code's label.

    A code that it knows stands as it is, and so does one of which it knows neither.
    """
    return {code: raw for code, raw, meant in _labelled(column, rules) if raw is not None and meant is None}


def contradictions(column: ColumnMetadata, rules: Rules) -> list[str]:
    """The codes that have another meaning by the file's label than by the contract."""
    meanings = rules.meanings()
    return [
        code
        for code, raw, meant in _labelled(column, rules)
        if raw is not None and meant is not None and meanings[raw] != meant
    ]


def _labelled(column: ColumnMetadata, rules: Rules) -> Iterator[tuple[str, str | None, str | None]]:
    """Each code with a label, the raw text by which the contract knows that label, and what the code means there."""
    meanings = rules.meanings()
    spoken = _spoken(meanings)
    for code, label in column.value_labels.items():
        yield code, label if label in meanings else spoken.get(_spelling(label)), meanings.get(code)


def _spoken(meanings: Mapping[str, str]) -> dict[str, str]:
    """The raw text by how it, or what it means, may be spelled; what could be two things is left out."""
    found: dict[str, str] = {}
    unclear = set()
    for raw, meaning in meanings.items():
        for spelling in {_spelling(raw), _spelling(meaning)}:
            if meanings[found.setdefault(spelling, raw)] != meaning:
                unclear.add(spelling)
    return {spelling: raw for spelling, raw in found.items() if spelling not in unclear}


def _spelling(words: str) -> str:
    """Without case, apostrophes and doubled blanks: ``Don't know`` is ``dont_know``. A sign such as < stays."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return " ".join(plain.replace("'", "").replace("’", "").replace("_", " ").split())
