"""The exported file gives the same numbers in another language's runtime: onnxruntime-web under Node."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mtl_models.data.dataset import Matrices
from mtl_models.serving.scorer import open_session, run_session

FOLDER = Path(__file__).parents[2] / "node"


@pytest.fixture(scope="module")
def node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("Node or npm is not installed")
    pinned = json.loads((FOLDER / "package.json").read_text())["dependencies"]["onnxruntime-web"]
    installed = FOLDER / "node_modules" / "onnxruntime-web" / "package.json"
    if not installed.exists() or json.loads(installed.read_text())["version"] != pinned:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(FOLDER)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            pytest.skip("npm could not fetch onnxruntime-web within 120 s")
        if done.returncode:
            pytest.skip(f"npm could not install onnxruntime-web {pinned}: {done.stderr.strip().splitlines()[-1:]}")
    return node


def test_node_gives_the_same_numbers(node: str, exported_model: Path, odd_matrices: Matrices, tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    numeric = [[None if math.isnan(value) else value for value in row] for row in odd_matrices.numeric.tolist()]
    rows.write_text(json.dumps({"numeric": numeric, "categorical": odd_matrices.categorical.tolist()}))
    command = [node, str(FOLDER / "score.mjs"), str(exported_model), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = json.loads(done.stdout)
    ours = run_session(open_session(exported_model.read_bytes()), odd_matrices)
    assert set(theirs) == set(ours)
    for name, expected in ours.items():
        found = np.array(theirs[name]["data"]).reshape(theirs[name]["dims"])
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-6, err_msg=name)
