"""What must be the same on every machine for results to be the same bytes: our code, libraries, kind of processor."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flows.project.hashing import digest, sha256
from flows.project.imports import PACKAGES, ROOT

LIBRARIES = (
    "polars",
    "numpy",
    "scipy",
    "pyarrow",
    "pandera",
    "torch",
    "torchjd",
    "onnxruntime",
    "scikit-learn",
    "lightgbm",
    "catboost",
    "gpytorch",
    "tabm",
    "rtdl_num_embeddings",
)
_CPU = Path("/proc/cpuinfo")


@cache
def likeness() -> Mapping[str, str]:
    """Of this process: the hash of our code, Python's and every library's version, the maker of the processor."""
    files = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    code = digest({path.relative_to(ROOT).as_posix(): sha256(path) for path in files})
    libraries = {name: _version(name) for name in LIBRARIES}
    return {"code of this project": code[:12], "Python": platform.python_version(), **libraries, "processor": _maker()}


def unlike(theirs: Mapping[str, str], where: str) -> str | None:
    """In a sentence, what is not here as it is there; None where all is."""
    ours = likeness()
    wrong = [
        f"{name} ({theirs.get(name, 'none')} there, {value} here)"
        for name, value in ours.items()
        if theirs.get(name) != value
    ]
    if not wrong:
        return None
    return (
        f"{where} has another {', another '.join(wrong)}, so its results may be other bytes: start it from the same "
        "checkout, with the same constraints.txt, on the same kind of processor"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _maker() -> str:
    """The maker of the processor: torch's exponential differs in its last bits from one to another."""
    if _CPU.is_file():
        for line in _CPU.read_text(errors="replace").splitlines():
            if line.startswith("vendor_id"):
                return line.partition(":")[2].strip()
    return platform.machine()
