"""The data dictionary, written from the models: ``python -m schemas.describe <study> > docs/<study>.md``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping

import polars as pl

from schemas.contract import Contract, load_contract
from schemas.fields import CHECK_RULES, ModelView

_FAILURES = {"null": "value emptied, counted", "reject": "row rejected"}
_HEADINGS = {
    "column": "column",
    "title": "meaning",
    "kind": "kind",
    "unit": "unit",
    "values": "range or codes",
    "special_codes": "special codes",
    "across": "checks with other columns",
    "nullable": "may be empty",
    "on_failure": "if a check fails",
    "privacy": "privacy",
}
_INTRODUCTION = """\
# Data dictionary of {study}

Written by `python -m schemas.describe {study} > docs/{study}.md` from the contract, the module `schemas.{study}`;
change it there. Tables: {n_tables}; columns: {n_columns}. `{key}` ties tables together, one row a person in each;
`{person_table}` holds every person. A row of another table is rejected if its person is missing or rejected there.
{optional}
How to read a line:

- *Range or codes*: what a good value is, both ends included. `raw → name`: how the file writes it, what it becomes.
- *Special codes*: answers that are not a value. A code with a name (`77 refused`) empties the cell and is counted under
  that name; a code with a number (`5555 = 22`) stands for that number. `5.4e-79 = 0`: how a zero arrives in SAS files.
- *If a check fails*: the cell is emptied and counted by rule, or the whole row goes to the rejects with every reason.
  Text that cannot be read as the column's kind is a failed check like any other. A key `1.0` is read as `1`.
- *Privacy*: `identifier`, `quasi_identifier` (could help to find a person), `sensitive`, or `health`.
"""


def describe(contract: Contract) -> pl.DataFrame:
    """One row a column of the contract, all text: what it is, what it may hold and what happens where it does not."""
    rows = []
    for table, model in contract.tables.items():
        view = ModelView.of(model)
        for column, rules in view.rules.items():
            across = [check for check in view.checks[column] if str(check.name) not in CHECK_RULES]
            rows.append(
                {
                    "table": table,
                    "column": column,
                    "title": rules.title,
                    "kind": rules.kind,
                    "words": rules.words,
                    "unit": rules.unit,
                    "values": rules.values(),
                    "special_codes": "; ".join(rules.special_codes()),
                    "across": "; ".join(f"{check.name}: {check.description}" for check in across),
                    "nullable": "yes" if rules.nullable else "no",
                    "on_failure": rules.on_failure,
                    "privacy": rules.privacy,
                }
            )
    return pl.DataFrame(rows)


def dictionary(contract: Contract) -> str:
    """The contract as a page of Markdown, a section a table; the same contract gives the same bytes."""
    rows = describe(contract)
    text = [
        _INTRODUCTION.format(
            study=contract.study,
            n_columns=rows.height,
            n_tables=len(contract.tables),
            key=contract.person_key,
            person_table=contract.person_table,
            optional=_optional(contract),
        )
    ]
    for table, model in contract.tables.items():
        title = ModelView.of(model).title
        lines = (_words(row) for row in rows.filter(pl.col("table") == table).iter_rows(named=True))
        text.append(f"## {table}: {title}\n\n{markdown(_HEADINGS, lines)}")
    return "\n".join(text)


def _optional(contract: Contract) -> str:
    names = [name for name in contract.tables if name in contract.optional]
    if not names:
        return ""
    which = f"each but `{contract.person_table}`" if len(names) == len(contract.tables) - 1 else ", ".join(names)
    return f"Tables that may be absent when people are scored: {which}.\n"


def markdown(headings: Mapping[str, str], rows: Iterable[Mapping[str, str]]) -> str:
    """A Markdown table of ``rows`` (mappings by the keys of ``headings``)."""
    lines = [list(headings.values()), ["---"] * len(headings)]
    lines += [[row[key].replace("|", "\\|") for key in headings] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _words(row: Mapping[str, str]) -> dict[str, str]:
    marked = {"column": f"`{row['column']}`", "privacy": f"`{row['privacy']}`"}
    return {**row, **marked, "kind": row["words"], "on_failure": _FAILURES[row["on_failure"]]}


def main() -> None:
    """Print the dictionary of the study named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", help="a study with a contract in schemas/")
    try:
        text = dictionary(load_contract(parser.parse_args().study))
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(text.encode())


if __name__ == "__main__":
    main()
