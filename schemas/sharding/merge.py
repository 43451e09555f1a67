"""What the shards of a study add up to: the counts that one validation of all rows would have given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.contract import Contract
from schemas.fields import ModelView
from schemas.fields.looks import DISTINCT
from schemas.splitting.results import WHOLE_ROW, StudyResult

Summary = Mapping[str, Any]
Labels = Mapping[tuple[str, str], frozenset[int]]
"""By table and column, a hash of every distinct cell that is none of the column's labels."""


def labels_of(result: StudyResult) -> dict[tuple[str, str], frozenset[int]]:
    """The undeclared labels of a shard, which cannot be added up without knowing which they are."""
    return {
        (name, column): frozenset(texts.hash().to_list())
        for name, table in result.tables.items()
        for column, texts in table.undeclared.items()
    }


def merged(contract: Contract, shards: Sequence[tuple[Summary, Labels]]) -> dict[str, Any]:
    """The summary of a study from those of its shards, keys in the same order as one of all rows has them."""
    if len(shards) == 1:
        return dict(shards[0][0])
    tables = {}
    for name in contract.tables:
        view = ModelView.of(contract.tables[name])
        distinct: dict[str, set[int]] = {}
        for _, labels in shards:
            for (table, column), texts in labels.items():
                if table == name:
                    distinct.setdefault(column, set()).update(texts)
        tables[name] = _table([summary["tables"][name] for summary, _ in shards], view, distinct)
    first = shards[0][0]
    return {"study": first["study"], "absent": first["absent"], "tables": tables}


def _table(parts: Sequence[Summary], view: ModelView, distinct: Mapping[str, set[int]]) -> dict[str, Any]:
    order = [*view.rules, WHOLE_ROW]

    def plain(key: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for part in parts:
            total.update(part[key])
        return total

    def nested(key: str) -> dict[str, dict[str, int]]:
        total = _nested(part[key] for part in parts)
        return {name: dict(sorted(total[name].items())) for name in order if name in total}

    n_late = sum(part.get("n_late", 0) for part in parts)
    empty, broken = plain("empty_by_column"), plain("broken_by_column")
    return {
        "n_rows": sum(part["n_rows"] for part in parts),
        "n_valid": sum(part["n_valid"] for part in parts),
        "n_rejected": sum(part["n_rejected"] for part in parts),
        **({"n_late": n_late} if n_late else {}),
        "rejected_by_rule": dict(sorted(plain("rejected_by_rule").items())),
        "rejected_by_column_and_rule": nested("rejected_by_column_and_rule"),
        "nulled_by_column_and_rule": nested("nulled_by_column_and_rule"),
        "recoded_by_column_and_rule": nested("recoded_by_column_and_rule"),
        "broken_by_column": {name: broken[name] for name in order if name in broken},
        "empty_by_column": {name: empty[name] for name in order if name in empty},
        "looks_by_column": _looks(_nested(part["looks_by_column"] for part in parts), view, distinct),
        "absent_columns": list(parts[0]["absent_columns"]),
    }


def _nested(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, Counter[str]]:
    total: dict[str, Counter[str]] = {}
    for part in parts:
        for column, counts in part.items():
            total.setdefault(column, Counter()).update(counts)
    return total


def _looks(
    total: Mapping[str, Counter[str]], view: ModelView, distinct: Mapping[str, set[int]]
) -> dict[str, dict[str, int]]:
    """Looks in the order of their counts, as one column of all rows has them."""
    found = {}
    for column, rules in view.rules.items():
        if counts := total.get(column):
            if "decimal_comma" in counts:
                counts["decimal_comma"] += counts.pop("thousands_comma", 0)
            order = [look for look, _ in rules.looks() if look in counts]
            found[column] = {look: counts[look] for look in sorted(order, key=lambda look: -counts[look])}
            if DISTINCT in counts:
                found[column][DISTINCT] = len(distinct[column])
    return found
