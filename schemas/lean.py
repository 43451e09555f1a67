"""Pandera without pandas: it has Polars' frames checked here, and imports pandas wherever that is installed.

Every command and every worker would pay for it: 0.45 s and 77 MB, three quarters of what Pandera costs. It is made to
run where pandas is not installed; here, it is told so.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import FrameType


class WithoutPandas:
    """Says that there is no pandas, to Pandera alone. A pandas that was imported before is there for everybody."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Refuse ``import pandas`` in a module of Pandera's; whatever else is asked for is found by others.

        Raises:
            ModuleNotFoundError: in the words in which Pandera expects it.
        """
        if name == "pandas" and _importer(sys._getframe(1)).partition(".")[0] == "pandera":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)
        return None


def _importer(frame: FrameType | None) -> str:
    """The module that an import stands in: the first one behind the machinery of imports."""
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("importlib"):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))


def spare_pandas() -> None:
    """Have Pandera's imports from here on do without pandas."""
    if WithoutPandas not in sys.meta_path:
        sys.meta_path.insert(0, WithoutPandas)
