"""A study's own module, imported with one sentence for whatever is wrong in it."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType

# their text speaks of code alone; that of other kinds may hold data
_SAID = (NameError, AttributeError, ImportError, TypeError)


class ModuleError(ValueError):
    """A module of a study that cannot be used."""


def import_own(name: str) -> ModuleType:
    """The module ``name`` of a study.

    Raises:
        ModuleError: if the module raises while it is imported, with its file, the line, and what is wrong there.
    """
    try:
        return import_module(name)
    except SyntaxError as error:
        raise ModuleError(f"{_shown(error.filename)}, line {error.lineno}: not Python ({error.msg})") from None
    except Exception as error:
        raise ModuleError(_sentence(name, error)) from None


def _sentence(name: str, error: Exception) -> str:
    """File and line of the study's own code, and the error's text where that is ours or Python's on code."""
    frames = traceback.extract_tb(error.__traceback__)
    folder = name.replace(".", "/")
    own = [frame for frame in frames if folder in Path(frame.filename).as_posix()]
    place = f"{_shown(own[-1].filename)}, line {own[-1].lineno}" if own else name
    # our helpers raise in schemas/, one folder above the study's
    ours = isinstance(error, ValueError) and bool(frames) and Path(frames[-1].filename).parent == Path(__file__).parent
    kind = type(error).__name__
    return f"{place}: {error}" if ours else f"{place}: {kind}{f' ({error})' if isinstance(error, _SAID) else ''}"


def _shown(filename: str | None) -> str:
    """A file as seen from the folder that is on Python's path, never from the root of the machine."""
    path = Path(filename or "?")
    for folder in sorted({str(Path(each).resolve()) for each in sys.path}, key=len, reverse=True):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
