"""Write what is generated in docs/: data dictionaries, score columns in published.md, methods in sharing.md, api.md.

python docs/write.py
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import polars as pl

from flows.experiments.methods import methods_table
from flows.nightly.score_contract import meanings_of, scores_contract
from flows.project.settings import StudySettings, read_studies
from flows.study.load import load_settings
from mtl_models.data.tasks import Task
from schemas.contract import load_contract
from schemas.describe import dictionary, markdown
from schemas.meanings import MEANINGS
from schemas.published import Champions, Landed, Landings, Parts, Rejects, Runs, Watched

DOCS = Path(__file__).parent
API = runpy.run_path(str(DOCS / "api.py"))
STUDY = "nhanes"
SAMPLES = ("nhanes", "heart", "whas500", "nmes1988")
BLOCK = re.compile(r"(<!-- scores of (\w+): written by docs/write.py -->\n).*?(<!-- end -->)", re.DOTALL)
COLUMNS = re.compile(r"(<!-- columns of (\w+): written by docs/write.py -->\n).*?(<!-- end -->)", re.DOTALL)
METHODS = re.compile(r"(<!-- methods: written by docs/write.py -->\n).*?(<!-- end -->)", re.DOTALL)
HEADINGS = {"column": "column", "type": "type", "unit": "unit", "meaning": "meaning"}
TABLES = {
    "rejects": Rejects,
    "runs": Runs,
    "champions": Champions,
    "landed": Landed,
    "landings": Landings,
    "parts": Parts,
    "watched": Watched,
}


def pages() -> dict[Path, str]:
    """Every page that is generated, in whole or in part, as it should be."""
    root = DOCS.parent
    found = {DOCS / f"{study}.md": dictionary(load_contract(study)) for study in read_studies(root)}
    published = DOCS / "published.md"

    def block(match: re.Match[str]) -> str:
        return match[1] + score_columns(load_settings(root, match[2]).task_records) + match[3]

    def columns(match: re.Match[str]) -> str:
        return match[1] + table_columns(match[2], TABLES[match[2]]) + match[3]

    sharing = DOCS / "sharing.md"
    listed = METHODS.sub(lambda match: match[1] + methods_table() + match[2], sharing.read_text())
    return {
        **found,
        DOCS / "api.md": API["api_page"](),
        DOCS / "moment.md": moment_page(root),
        published: COLUMNS.sub(columns, BLOCK.sub(block, published.read_text())),
        sharing: listed,
    }


def moment_page(root: Path) -> str:
    """When each sample study predicts, and what is hidden from each outcome then."""
    head = (
        "# What is known when a study predicts\n",
        "Written by `python docs/write.py` from `params.yaml`; change it there. The page of a study also counts the",
        "features of each outcome by domain and table.\n",
    )
    return "\n".join(head) + "".join(known_when(load_settings(root, study)) for study in SAMPLES)


def known_when(settings: StudySettings) -> str:
    """The section of one study."""
    later = ", ".join(f"`{pattern}`" for pattern in settings.known_later)
    own = settings.model.view == "own"
    shown = (
        "An outcome sees the columns of the others (`model.view: own`), unless they stand in its own line."
        if own
        else "What stands in any line is hidden from all outcomes (`model.view: core`)."
    )
    rows = (
        {
            "outcome": f"`{task.name}`",
            "made of": ", ".join(f"`{column}`" for column in task.columns),
            "also hidden from it": ", ".join(f"`{leak}`" for leak in task.leaks),
            "near it, and shown": " ".join(f"`{c}`: {why}" for c, why in settings.near.get(task.name, {}).items()),
        }
        for task in settings.task_records
    )
    names = ("outcome", "made of", "also hidden from it", "near it, and shown")
    hidden = f"Hidden from all, since it comes later: {later or 'nothing'}. {shown}"
    table = markdown(dict(zip(names, names, strict=True)), rows)
    return f"\n## {settings.title}\n\n{settings.moment}\n\n{hidden}\n\n{table}"


def score_columns(tasks: tuple[Task, ...]) -> str:
    """The columns of a score table as Markdown: names and types by its contract, meaning by the tasks."""
    meanings = {**MEANINGS["scores"], **meanings_of(tasks)}
    units = {task.name: task.unit for task in tasks}
    rows = (
        {
            "column": f"`{name}`",
            "type": type_name(column.dtype.type),
            "unit": units.get(name, ""),
            "meaning": meanings[name],
        }
        for name, column in scores_contract(tasks).columns.items()
    )
    return markdown(HEADINGS, rows)


def table_columns(name: str, model: Any) -> str:
    """The columns of another published table as Markdown, by its model and the words for it."""
    rows = (
        {
            "column": f"`{column}`",
            "type": type_name(held.dtype.type),
            "empty": "yes" if held.nullable else "no",
            "meaning": MEANINGS[name][column],
        }
        for column, held in model.to_schema().columns.items()
    )
    return markdown({"column": "column", "type": "type", "empty": "may be empty", "meaning": "meaning"}, rows)


def type_name(dtype: pl.DataType) -> str:
    """A type in words that readers of any tool know."""
    return {
        "Datetime(time_unit='us', time_zone='UTC')": "timestamp, UTC",
        "List(String)": "list of strings",
        "List(Struct({'column': String, 'rule': String}))": "list of {column, rule}",
    }.get(str(dtype), str(dtype))


def main() -> None:
    """Write every page whose content changed."""
    for path, text in pages().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
