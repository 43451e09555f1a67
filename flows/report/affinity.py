"""What tasks do to each other while they train together, as figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flows.report.drawing import Plot
from flows.report.heat_map import heat_map
from flows.report.words import signed

# of the parts of a loss: the first in which the largest number is 1 or more
_PARTS = {1e2: "percent", 1e4: "hundredths of a percent", 1e6: "millionths", 1e8: "hundredths of a millionth"}


def affinity_plots(affinity: Mapping[str, Any], titles: Callable[[str], str], *, looked_at: str = "") -> list[Plot]:
    """Cosine between gradients, and what a step for one task takes from another's loss."""
    lookahead = affinity["lookahead"]
    scale, part = _part(lookahead)
    rows = {name: {other: value * scale for other, value in row.items()} for name, row in lookahead.items() if row}
    where = f", on {looked_at}" if looked_at else ""
    return [
        heat_map(
            "sharing_cosine",
            "Do the gradients agree?",
            {name: _others(name, row) for name, row in affinity["cosine"].items() if _others(name, row)},
            words="Cosine between two outcomes' gradients on the shared weights: below zero they pull apart.",
            labels=titles,
            form=signed,
        ),
        heat_map(
            "sharing_lookahead",
            "Does a step for one help the other?",
            rows,
            words=f"What a step for the row's outcome takes from the loss of the column's{where}, in {part}: below "
            "zero the step harms it.",
            labels=titles,
            form=lambda value: f"{value:+.0f}".replace("-", "−") if abs(value) >= 9.95 else signed(value, 1),
            columns_are=f"whose loss changes ({part})",
            aside=True,
        ),
    ]


def _others(name: str, row: Mapping[str, float]) -> dict[str, float]:
    """What a row says of other tasks: of itself a cosine says nothing."""
    return {other: value for other, value in row.items() if other != name}


def _part(rows: Mapping[str, Mapping[str, float]]) -> tuple[float, str]:
    largest = max((abs(value) for name, row in rows.items() for value in _others(name, row).values()), default=0.0)
    return next(((scale, words) for scale, words in _PARTS.items() if largest * scale >= 1), (1e8, _PARTS[1e8]))


def conflicts(affinity: Mapping[str, Any]) -> tuple[int, int]:
    """Pairs of tasks whose gradients pull apart on average, and all pairs."""
    cosine = affinity["cosine"]
    pairs = {
        frozenset((one, other)): value for one, row in cosine.items() for other, value in _others(one, row).items()
    }
    return sum(value < 0 for value in pairs.values()), len(pairs)
