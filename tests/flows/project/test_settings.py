"""What it costs to read params.yaml."""

from __future__ import annotations

import subprocess
import sys


def test_settings_are_read_without_a_heavy_library() -> None:
    heavy = ("torch", "lightgbm", "sklearn", "catboost", "polars", "numpy", "prefect", "dvc", "deltalake")
    code = f"import sys, flows.project.settings; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
