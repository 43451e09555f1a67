"""Blocks of params.yaml that are no study's: read where they are asked for, at no cost where there is none."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.project.yaml_file import YamlFile, read_yaml

FILE = "params.yaml"


def read_top(root: Path, name: str) -> tuple[Any, str]:
    """What stands under a key of params.yaml, nothing where it does not stand, and the file's name.

    Raises:
        SettingsError: if the file is not YAML.
    """
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None, FILE
    if not re.search(rf"^[\"']?{name}\b", text, re.MULTILINE):  # to read the whole file takes much longer
        return None, FILE
    return _read(path, path.stat().st_mtime_ns).content.get(name), FILE


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> YamlFile:
    return read_yaml(path, FILE)
