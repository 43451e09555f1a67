"""Where a study's files live under the project's folder."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT_VARIABLE = "MTL_HEALTH_ROOT"
# what validation leaves beside the valid tables
REJECTS = "rejects.parquet"
SUMMARY = "summary.json"
# the folder of all people beside the files of a drawn sample, where training is on a stream
ALL = "all"
# deltalake decodes %20 twice, takes a backslash for a slash and dies of []^|; a colon ends an entry of PATH, and the
# shell reads "$` in the first line of the programs in .venv
_UNFIT = re.compile(r"""%[0-9A-Fa-f]{2}|[]\[^|\\":$`\x00-\x1f\x7f]""")


def check_folder(folder: Path) -> Path:
    """``folder`` if tables can be kept in it: a folder is a folder, but some names are beyond the libraries.

    Raises:
        ValueError: for such a name, with the character; or if it stands for several folders when read as a pattern.
    """
    real = str(folder.resolve())
    if unfit := _UNFIT.search(real):
        raise ValueError(
            f"the folder {real!r} has {unfit[0]!r} in its name, which Delta tables or .venv do not survive: rename or "
            "move the project (spaces, letters of any language, and #?'& are fine)"
        )
    if ("?" in real or "*" in real) and len(glob.glob(real)) > 1:
        raise ValueError(
            f"the folder {real!r} as a pattern also matches a neighbour's name: rename the project's folder"
        )
    return folder


def project_root() -> Path:
    """The folder that holds params.yaml: the variable MTL_HEALTH_ROOT, or the working folder or one above it.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if its name is one that tables cannot be kept under, or the code that runs is another checkout's.
    """
    if named := os.environ.get(ROOT_VARIABLE):
        candidates = [Path(named).resolve()]
    else:
        candidates = [Path.cwd(), *Path.cwd().parents]
    for folder in candidates:
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return _with_own_code(check_folder(folder))
    raise FileNotFoundError(
        f"no params.yaml beside a dvc.yaml in {candidates[0]} or above: run inside the project or set {ROOT_VARIABLE}"
    )


def _with_own_code(root: Path) -> Path:
    here = Path(__file__).resolve()
    checkout = here.parents[2]
    own = root / here.relative_to(checkout)
    if own.is_file() and not own.samefile(here):
        raise ValueError(
            f"the code that runs is that of {checkout}, not of this checkout, {root}: a .venv that was copied "
            f"points at the other; remove it (rm -r .venv), run `make install`, and unset {ROOT_VARIABLE} if it is set"
        )
    return root


@dataclass(frozen=True)
class StudyPaths:
    """The folders of one study; nothing is created here."""

    root: Path
    study: str

    @property
    def raw(self) -> Path:
        """Raw tables as received, restored by DVC."""
        return self.root / "data" / "raw" / self.study

    @property
    def settings(self) -> Path:
        """The settings that decide each stage, one file a stage."""
        return self.root / "data" / "settings" / self.study

    @property
    def landed(self) -> Path:
        """What drops brought since the raw tables were delivered, as of the last training: DVC's input."""
        return self.root / "data" / "landed" / self.study

    @property
    def intake(self) -> Path:
        """The same, taken by DVC; with nothing landed it is there too."""
        return self.root / "data" / "intake" / self.study

    @property
    def valid(self) -> Path:
        """Typed tables that keep the contract, and what was rejected."""
        return self.root / "data" / "valid" / self.study

    @property
    def features(self) -> Path:
        """Features, targets and splits."""
        return self.root / "data" / "features" / self.study

    @property
    def models(self) -> Path:
        """Trained network, baselines' predictions and the exported model."""
        return self.root / "models" / self.study

    @property
    def reports(self) -> Path:
        """Evaluation, plots and the page."""
        return self.root / "reports" / self.study

    @property
    def inbox(self) -> Path:
        """Nightly drops, one folder a date."""
        return self.root / "data" / "inbox" / self.study

    @property
    def tables(self) -> Path:
        """Published Delta tables."""
        return self.root / "data" / "tables" / self.study

    @property
    def staging(self) -> Path:
        """Scratch folders of runs of `score`, one a date."""
        return self.root / "data" / "staging" / self.study

    @property
    def stopped(self) -> Path:
        """Counts of drops that a limit stopped, one file a date."""
        return self.root / "data" / "stopped" / self.study

    @property
    def watch(self) -> Path:
        """Pages of what was watched, one file a date."""
        return self.root / "data" / "watch" / self.study

    @property
    def updates(self) -> Path:
        """Pages of what updates tried, one file a date."""
        return self.root / "data" / "updates" / self.study

    @property
    def told(self) -> Path:
        """What was told of its nights and is not mended yet."""
        return self.root / "data" / "alerts" / f"{self.study}.json"

    @property
    def embeddings(self) -> Path:
        """Vectors of people: health information, kept beside the data and out of every store."""
        return self.root / "data" / "embeddings" / self.study

    @property
    def replay(self) -> Path:
        """The copy of the project in which `mtl-health replay` plays nights."""
        return self.root / "data" / "replay" / self.study

    @property
    def registry(self) -> Path:
        """Promoted model files by content hash."""
        return self.root / "data" / "registry" / self.study


def replace_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Write ``path`` through a neighbour that is renamed over it: whole or not at all.

    The rename also breaks the hard link to DVC's cache that a file restored by DVC is; writing through the link
    would change the cache.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8, whole or not at all."""
    replace_file(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with stable bytes, whole or not at all."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's object."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
