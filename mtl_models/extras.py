"""What an optional library is for, and how to install it, in one sentence."""

from __future__ import annotations

from importlib.util import find_spec


def is_installed(module: str) -> bool:
    """Whether a library is there, without importing it."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # as where an import is forbidden, or a module has no spec
        return False


def install_words(what: str, package: str, extra: str) -> str:
    """That ``what`` needs a package which an extra of ours installs."""
    return f"{what} needs {package}, which is not installed: pip install 'mtl-health[{extra}]'"
