"""The forms of file that a table may have, by the end of the file's name."""

from __future__ import annotations

from pathlib import Path

PACKAGES = {".dta": "Stata", ".sav": "SPSS", ".sas7bdat": "SAS", ".xpt": "SAS transport"}
FORMS = {".csv": "CSV", ".parquet": "Parquet", **PACKAGES}
ENDS = f"{', '.join(list(FORMS)[:-1])} or {list(FORMS)[-1]}"


def form_of(name: str) -> str | None:
    """The end of a file's name that says which form it has; None if it has none of them.

    Statistics packages write ``DEMO.XPT`` as readily as ``DEMO.xpt``; for theirs the case does not count.
    """
    suffix = Path(name).suffix
    return suffix if suffix in FORMS else lower if (lower := suffix.lower()) in PACKAGES else None


def stem_of(name: str) -> str:
    """The name without that end."""
    return Path(name).stem if form_of(name) else name
