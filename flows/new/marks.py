"""The line in each written file by which `--replace` knows what was written here and not changed since."""

from __future__ import annotations

import hashlib
import re

_LINE = re.compile(r"^ *# written by `mtl-health new`, checksum ([0-9a-f]{16}): .*\n", re.MULTILINE)
_REST = "--replace writes it again while it is unchanged"
HERE = "@mark@"


def marked(text: str) -> str:
    """``text`` with the line in the place of :data:`HERE`; the checksum is of all else."""
    before, _, after = text.partition(HERE)
    return f"{before}# written by `mtl-health new`, checksum {_checksum(_without(text))}: {_REST}{after}"


def is_unchanged(text: str) -> bool:
    """Whether a text has the line, and its checksum still holds."""
    found = _LINE.search(text)
    return found is not None and found[1] == _checksum(text[: found.start()] + text[found.end() :])


def _without(text: str) -> str:
    """The text without the line that is to be."""
    return re.sub(rf" *{HERE}\n", "", text)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
