"""The data dictionary, written from the models."""

from __future__ import annotations

import polars as pl

from schemas.contract import Contract
from schemas.fields import CHECK_RULES, ModelView, Rules


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
                    "unit": rules.unit,
                    "values": _values(rules),
                    "special_codes": _special(rules),
                    "across": "; ".join(f"{check.name}: {check.description}" for check in across),
                    "nullable": "yes" if rules.nullable else "no",
                    "on_failure": rules.on_failure,
                    "privacy": rules.privacy,
                }
            )
    return pl.DataFrame(rows)


def _values(rules: Rules) -> str:
    if rules.codes:
        return "; ".join(f"{code} {words}" for code, words in rules.codes.items())
    if rules.labels:
        return "; ".join(dict.fromkeys(rules.labels.values()))
    if rules.pattern:
        return rules.pattern
    return f"{rules.low:g} to {rules.high:g}"


def _special(rules: Rules) -> str:
    special = [
        f"{code} {meaning if isinstance(meaning, str) else f'= {meaning:g}'}" for code, meaning in rules.special.items()
    ]
    if rules.sas_zero and 0 not in rules.special:
        special.append("5.4e-79 = 0")
    return "; ".join(special)
