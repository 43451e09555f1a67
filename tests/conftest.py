"""For all tests: the order of the files, and compiled modules that are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# the tests start hundreds of processes, each of which would compile our modules anew, and each worker all tests
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# while one worker makes the night that many tests share, the others have work without it: a file of tests of that
# night, then long ones that need none; what follows stays as it was collected
FIRST = ("flows/cli/test_commands.py", "mtl_models/network", "mtl_models/training", "flows/fitting", "flows/study")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move some files to the front."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(tests).as_posix() if item.path.is_relative_to(tests) else ""
        return next((place for place, first in enumerate(FIRST) if path.startswith(first)), len(FIRST))

    items.sort(key=place)
