"""A matrix as a figure: every cell says its number and its sign, the colour only repeats them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.patches import Rectangle

from flows.report.drawing import GAIN, INK, LOSS, WIDTH, Plot, canvas, wrap

_STRONGEST = 0.6  # opacity of the largest number: text stays readable on it in both schemes
_LETTER = 0.062  # inches of a letter of a label


def heat_map(
    name: str,
    title: str,
    rows: Mapping[str, Mapping[str, float]],
    *,
    words: str,
    labels: Callable[[str], str],
    form: Callable[[float], str],
    centre: float = 0.0,
    columns_are: str = "",
    aside: bool = False,
) -> Plot:
    """A cell for every number of ``rows``, which may lack some; above ``centre`` in one colour, below in the other.

    Args:
        words: what the numbers are, for the caption.
        labels: a row's or column's name for a reader.
        form: a number in words, with its sign if it can be negative.
        columns_are: words under the columns.
        aside: leave the diagonal out of the scale of colours, as with tasks against themselves.
    """
    columns = _columns(rows)
    sides = [wrap(labels(row), 20) for row in rows]
    left = 0.2 + _LETTER * _longest(sides)
    wide = (WIDTH - left - 0.1) / len(columns)
    room = int(wide / _LETTER)
    upright = room < 12 and max(len(labels(column)) for column in columns) > room
    feet = [wrap(labels(column), 20 if upright else room) for column in columns]
    below = 0.15 + (_LETTER * _longest(feet) if upright else 0.13 * max(1 + foot.count("\n") for foot in feet))
    below += 0.18 if columns_are else 0
    high = 0.3 if any("\n" in side for side in sides) else 0.25
    scale = _largest(rows, centre, aside=aside)
    with canvas(name, height=high * len(rows) + below + 0.08, left=left, bottom=below) as drawn:
        axes = drawn.axes
        for y, (row, cells) in enumerate(rows.items()):
            for x, column in enumerate(columns):
                if column in cells:
                    _cell(axes, x, y, cells[column] - centre, scale, strong=not aside or row != column)
                    axes.text(
                        x, y, form(cells[column]), ha="center", va="center", fontsize=min(8.0, max(4.5, 27 * wide))
                    )
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks(range(len(columns)), feet, color=INK, rotation=90 if upright else 0)
        axes.set_yticks(range(len(rows)), sides, color=INK)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_xlabel(columns_are)
    return Plot(name, title, f"{words} {_extremes(rows, labels, form, aside=aside)}", drawn.svg)


def _columns(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """All columns, in the order of the rows where they are the same."""
    found = dict.fromkeys(column for row in rows.values() for column in row)
    return [row for row in rows if row in found] if set(found) <= set(rows) else list(found)


def _longest(texts: Sequence[str]) -> int:
    return max(len(line) for text in texts for line in text.split("\n"))


def _largest(rows: Mapping[str, Mapping[str, float]], centre: float, *, aside: bool) -> float:
    sizes = [
        abs(v - centre) for row, cells in rows.items() for column, v in cells.items() if not aside or row != column
    ]
    return max(sizes, default=0.0) or 1.0


def _cell(axes: Any, x: int, y: int, value: float, scale: float, *, strong: bool) -> None:
    alpha = round(_STRONGEST * min(1.0, abs(value) / scale), 3) if strong else 0.0
    patch = Rectangle(
        (x - 0.48, y - 0.47), 0.96, 0.94, facecolor=GAIN if value >= 0 else LOSS, alpha=alpha, linewidth=0
    )
    axes.add_patch(patch)


def _extremes(
    rows: Mapping[str, Mapping[str, float]],
    labels: Callable[[str], str],
    form: Callable[[float], str],
    *,
    aside: bool,
    most: int = 3,
) -> str:
    """The largest and the smallest numbers in words, for those who do not see the figure."""
    cells: Sequence[tuple[float, str, str]] = sorted(
        (value, row, column)
        for row, each in rows.items()
        for column, value in each.items()
        if not aside or row != column
    )

    def say(found: Sequence[tuple[float, str, str]]) -> str:
        return ", ".join(f"{labels(row)} and {labels(column)} {form(value)}" for value, row, column in found)

    if len(cells) <= 2 * most:
        return f"{say(cells[::-1])}."
    return f"Largest: {say(cells[: -most - 1 : -1])}. Smallest: {say(cells[:most])}."
