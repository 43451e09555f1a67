"""The order of the files: while one worker makes the night that many tests share, the others have work without it."""

from __future__ import annotations

from pathlib import Path

import pytest

# a file of tests of that night, then long ones that need none; what follows stays as it was collected
FIRST = ("flows/cli/test_commands.py", "mtl_models/network", "mtl_models/training", "flows/fitting", "flows/study")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move some files to the front."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(tests).as_posix() if item.path.is_relative_to(tests) else ""
        return next((place for place, first in enumerate(FIRST) if path.startswith(first)), len(FIRST))

    items.sort(key=place)
