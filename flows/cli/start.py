"""Where the command ``mtl-health`` starts: what it needs is an extra, and where that lacks it says so in a sentence."""

from __future__ import annotations

import sys

from flows.project.processes import end_at_once
from mtl_models.extras import install_words, is_installed

NEEDED = {"typer": "typer", "rich": "rich", "yaml": "pyyaml", "pandera": "pandera", "filelock": "filelock"}


def main() -> None:
    """Run the command line."""
    end_at_once()
    for module, package in NEEDED.items():
        if not is_installed(module):
            sys.exit(f"error: {install_words('the command mtl-health', package, 'pipeline')}")
    from flows.cli.main import main as run

    run()
