"""A study's own module, imported with one sentence for whatever is wrong in it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_HERE = Path(__file__).parent
# their text speaks of code alone; that of other kinds may hold data
_SAID = (NameError, AttributeError, ImportError, TypeError)


class ModuleError(ValueError):
    """A module of a study that cannot be used."""


def import_own(name: str) -> ModuleType:
    """The module ``name`` of a study.

    Raises:
        ModuleError: if the module raises while it is imported, with its file, the line, and what is wrong there.
    """
    spec = find_spec(name)
    own = Own(name, Path(spec.origin)) if spec and spec.origin else None
    try:
        return import_module(name)
    except SyntaxError as error:
        where = f"{_shown(Path(error.filename or name), own)}, line {error.lineno}"
        raise ModuleError(f"{where}, is not valid Python ({error.msg})") from None
    except Exception as error:
        raise ModuleError(_sentence(error, own)) from None


@dataclass(frozen=True)
class Own:
    """A study's module by its name and its file, ``__init__.py`` of a package."""

    name: str
    file: Path

    def relative(self, path: Path) -> Path | None:
        """A file of the module as seen from the folder of the packages."""
        base = Path(*self.name.split("."))
        if self.file.name == "__init__.py":
            return base / path.relative_to(self.file.parent) if path.is_relative_to(self.file.parent) else None
        return base.with_suffix(".py") if path == self.file else None


def _sentence(error: Exception, own: Own | None) -> str:
    """File and line of the study's own code, and the error's text where that is ours or Python's on code."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if own and own.relative(Path(frame.filename))]
    last = (theirs or frames)[-1]
    # our helpers raise in schemas/ itself, one folder above the study's, or in schemas/fields
    ours = isinstance(error, ValueError) and Path(frames[-1].filename).parent in (_HERE, _HERE / "fields")
    kind = type(error).__name__
    said = str(error) if ours else f"{kind} ({error})" if isinstance(error, _SAID) else kind
    return f"{_shown(Path(last.filename), own)}, line {last.lineno}: {said}"


def _shown(path: Path, own: Own | None) -> str:
    """A file as seen from the folder of the packages, of another one the name alone."""
    found = own.relative(path) if own else None
    return (found or Path(path.name)).as_posix()
