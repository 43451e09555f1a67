"""The pages on the library's objects, written from their signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import mtl_models

START = """# The library's objects

Written by `python docs/write.py` from the docstrings: `from mtl_models import {names}`.
How to use them: [python.md](python.md).
"""
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Shape", "Units", "Source", "Differs", "Example", "Examples")


def api_page() -> str:
    """Every public object of the library with its public methods."""
    names = sorted(mtl_models.__all__)
    parts = [START.format(names=", ".join(names))]
    for name in names:
        found = getattr(mtl_models, name)
        parts += [f"## {name}\n", _signature(name, found), _text(found)]
        for method, function in _methods(found):
            parts += [f"### {name}.{method}\n", _signature(f"{name}.{method}", function), _text(function)]
    return "\n".join(parts).rstrip() + "\n"


def _methods(found: Any) -> Iterator[tuple[str, Any]]:
    """What a class defines itself, in its own order; what it inherits has pages elsewhere."""
    for name, member in vars(found).items():
        if not name.startswith("_"):
            member = getattr(member, "__func__", getattr(member, "func", getattr(member, "fget", member)))
            if callable(member) and inspect.getdoc(member):
                yield name, member


def _signature(name: str, found: Any) -> str:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return ""
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    text = str(signature.replace(parameters=kept)).replace("'", "")
    return f"```py\n{name}{text}\n```\n"


def _text(found: Any) -> str:
    """A docstring in Google's form as Markdown."""
    lines = []
    for line in (inspect.getdoc(found) or "").splitlines():
        head, item = re.fullmatch(r"(\w+):", line), re.fullmatch(r"    (\*{0,2}[\w, ]+): (.*)", line)
        text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", line).replace("``", "`")
        if head and head[1] in SECTIONS:
            text = f"**{head[1]}**\n"
        elif item:
            text = f"- `{item[1]}`: {text.split(': ', 1)[1]}"
        elif line.startswith("        "):
            text = f"  {text.strip()}"
        lines.append(text)
    return "\n".join(lines) + "\n"
