"""How figures look, and their SVG text: the same bytes from any process, on any day."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, GRID, SURFACE = "#1b2733", "#5a6876", "#d5dde4", "#fefefe"
GAIN, LOSS, NEUTRAL = "#0b64a8", "#c2570c", "#66747f"
MODEL_COLOURS = {"multi_task": "#0b64a9", "single_task": "#c2570d", "linear": "#7a52a1", "lightgbm": "#2a8058"}
SPARE_COLOURS = ("#9c6b00", "#a13d63", "#3f6d8c", "#5d7030")
# the page gives each of these a value for the light and for the dark scheme
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    SURFACE: "surface",
    GAIN: "gain",
    LOSS: "loss",
    NEUTRAL: "neutral",
    **{colour: name.replace("_", "-") for name, colour in MODEL_COLOURS.items()},
    **{colour: f"spare-{index}" for index, colour in enumerate(SPARE_COLOURS)},
}
WIDTH = 3.4  # inches: a figure fills a telephone, and three fit beside each other on a desk
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: small, searchable, in the reader's font
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "figure.facecolor": SURFACE,  # a file opened alone is readable on any background
    "axes.facecolor": "none",
    "savefig.facecolor": SURFACE,
}


@dataclass(frozen=True)
class Plot:
    """A figure: its file name without ending, a title, the words that stand for it, and its SVG text."""

    name: str
    title: str
    caption: str
    svg: str


@dataclass
class Canvas:
    """A figure of one panel while it is drawn; ``svg`` holds the text afterwards."""

    axes: Axes
    svg: str = ""


@contextmanager
def _figure(name: str, width: float, height: float) -> Iterator[Figure]:
    """A figure in our style, whatever the user's own settings."""
    # a user's own matplotlibrc must not change a byte
    style: Any = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"} | _STYLE
    with mpl.rc_context(style | {"svg.hashsalt": name}):
        figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        yield figure


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


@contextmanager
def canvas(name: str, *, height: float, left: float, right: float = 0.1, bottom: float = 0.42) -> Iterator[Canvas]:
    """A panel with margins in inches, saved when the block ends.

    Margins are given rather than fitted, since fitting depends on the machine's fonts.
    """
    with _figure(name, WIDTH, height) as figure:
        box = (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (bottom + 0.08) / height)
        drawn = Canvas(figure.add_axes(box))
        yield drawn
        drawn.svg = _svg(figure)


@dataclass
class Panels:
    """A figure of several square panels while it is drawn; ``svg`` holds the text afterwards."""

    figure: Figure
    axes: list[Axes]
    svg: str = ""

    def foot(self, text: str) -> None:
        """Words below the panels."""
        self.figure.text(0.02, 0.012, text, fontsize=8, color=INK, va="bottom")


@contextmanager
def panels(name: str, n: int, *, columns: int = 3, side: float = 2.2) -> Iterator[Panels]:
    """Panels of ``side`` inches with room for a title and a line below each, saved when the block ends."""
    columns = min(columns, n)
    n_rows = -(-n // columns)
    step, foot = (side + 0.2, side + 0.55), 0.5
    width, height = max(columns * step[0] + 0.1, 5.4), n_rows * step[1] + foot + 0.1
    with _figure(name, width, height) as figure:
        places = [(place % columns, place // columns) for place in range(n)]
        boxes = [(0.15 + x * step[0], height - 0.35 - side - y * step[1]) for x, y in places]
        drawn = Panels(
            figure, [figure.add_axes((x / width, y / height, side / width, side / height)) for x, y in boxes]
        )
        yield drawn
        drawn.svg = _svg(figure)


def model_colour(model: str, models: list[str]) -> str:
    """A model's own colour, or a spare one by its place among the models without."""
    if model in MODEL_COLOURS:
        return MODEL_COLOURS[model]
    others = [name for name in models if name not in MODEL_COLOURS]
    return SPARE_COLOURS[others.index(model) % len(SPARE_COLOURS)]


def wrap(text: str, width: int = 22) -> str:
    """``text`` in at most two lines."""
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder="…"))


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """Limits a little outside ``low`` and ``high``."""
    margin = (high - low) * share or max(abs(high), 1.0) * share
    return low - margin, high + margin
