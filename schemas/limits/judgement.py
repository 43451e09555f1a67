"""Limits on what a validation may lose, by table and column, against the share that the training data lose too.

A column that loses far more values than in training is a flood: the rows stay, and what is made of them is wrong.
Everything here is made of counts (``StudyResult.summary()``), so a summary that was kept is as good as a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.contract import Contract
from schemas.fields import ModelView
from schemas.limits.chance import upper_tail
from schemas.limits.excess import Excess
from schemas.patterns import covered, covers

Summary = Mapping[str, Any]
# How unlikely a count must be, if the column were as it was in training, to be called a flood. A night looks at
# hundreds of columns: at one in a million a false alarm is rarer than one night in a thousand.
CHANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may be lost.

    Attributes:
        max_reject_share: share of a table's rows that may be rejected.
        max_nulled_share: share of a column's values that may be emptied for a broken rule, above training's own.
        max_empty_share: of the values that training lets expect in a column, the share that may be empty.
        allowance: so many rows of a table, and cells of a column, are never too many.
        exempt: ``TABLE.COLUMN`` patterns of columns that the limits on nulled and empty cells leave alone.
    """

    max_reject_share: float = 0.02
    max_nulled_share: float = 0.02
    max_empty_share: float = 0.2
    allowance: int = 2
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Cells:
    """Cells of a column in the rows that went on: blank as delivered, a declared non-answer, or broken."""

    rows: int
    blank: int
    answers: int
    broken: int

    @classmethod
    def of(cls, counts: Summary, column: str) -> _Cells:
        broken = counts["broken_by_column"].get(column, 0)
        answers = sum(counts["nulled_by_column_and_rule"].get(column, {}).values()) - broken
        return cls(counts["n_valid"], counts["empty_by_column"].get(column, 0), answers, broken)

    @property
    def held(self) -> int:
        """Cells that held anything."""
        return self.rows - self.blank

    @property
    def empty(self) -> int:
        """Cells without a value through no fault of their own."""
        return self.blank + self.answers


def excesses(
    summary: Summary,
    contract: Contract,
    limits: Limits,
    *,
    reference: Summary | None = None,
    may_be_empty: Collection[str] = (),
) -> tuple[Excess, ...]:
    """Every limit that the validation in ``summary`` passed, tables and columns in the contract's order.

    Args:
        summary: counts of the validation.
        contract: the study's contract.
        limits: what may be lost.
        reference: counts of the training data. Without them the limit on nulled values holds as it stands, and of the
            empty columns only those are found that hold nothing at all.
        may_be_empty: ``TABLE.COLUMN`` patterns of columns that may be empty or absent, such as outcomes when people
            are scored. What they do hold is judged like any other column.

    Raises:
        ValueError: for a pattern of ``limits.exempt`` that matches no column.
    """
    require_columns(contract, limits.exempt)
    people = summary["tables"][contract.person_table]["n_valid"]
    known = reference["tables"] if reference else {}
    people_before = known.get(contract.person_table, {}).get("n_valid", 0)
    found: list[Excess] = []
    for table, model in contract.tables.items():
        view, counts, before = ModelView.of(model), summary["tables"][table], known.get(table)
        found += _rejects(table, counts, limits, everybody=table == contract.person_table)
        if table in summary["absent"]:
            continue
        columns = [name for name in view.rules if name != view.key]
        optional = [name for name in columns if covered(may_be_empty, table, name)]
        if len(optional) < len(columns) and not covered(limits.exempt, table, view.key):
            found += _missing_rows(table, (people - counts["n_valid"], people), before, people_before, limits)
        for column in columns:
            if not covered(limits.exempt, table, column):
                found += _nulled(view, table, column, counts, before, limits)
                if column not in optional:
                    found += _empty(view, table, column, counts, before, limits)
    return tuple(found)


def require_columns(contract: Contract, patterns: Collection[str]) -> None:
    """Make sure that every pattern matches a column.

    Raises:
        ValueError: if one does not.
    """
    columns = [(table, name) for table, model in contract.tables.items() for name in ModelView.of(model).rules]
    for pattern in patterns:
        if not any(covers(pattern, table, column) for table, column in columns):
            raise ValueError(
                f"validation.exempt: {pattern} matches no column of {contract.study}; write TABLE.COLUMN or TABLE.*"
            )


def _rejects(table: str, counts: Summary, limits: Limits, *, everybody: bool) -> Iterator[Excess]:
    n, of = counts["n_rejected"], counts["n_rows"]
    nobody_left = everybody and n == of and limits.max_reject_share < 1
    if n and (nobody_left or (n > limits.allowance and n > limits.max_reject_share * of)):
        by_column = counts["rejected_by_column_and_rule"]
        rules = {f"{column} {rule}": k for column, found in by_column.items() for rule, k in found.items()}
        worst = max(by_column, key=lambda column: sum(by_column[column].values()))
        yield Excess(
            table=table, column="", key="max_reject_share", n=n, of=of, limit=limits.max_reject_share,
            rules=_most(rules), looks=counts["looks_by_column"].get(worst, {}),
        )  # fmt: skip


def _nulled(
    view: ModelView, table: str, column: str, counts: Summary, before: Summary | None, limits: Limits
) -> Iterator[Excess]:
    now, then = _Cells.of(counts, column), _Cells.of(before, column) if before else None
    base = then.broken / then.held if then and then.held else None
    if now.broken <= limits.allowance or now.broken <= (limits.max_nulled_share + (base or 0.0)) * now.held:
        return
    if then and then.held and upper_tail(now.broken, now.held, (then.broken + 1) / (then.held + 2)) > CHANCE:
        return
    yield Excess(
        table=table, column=column, key="max_nulled_share", n=now.broken, of=now.held, limit=limits.max_nulled_share,
        before=base, rules=_most(counts["nulled_by_column_and_rule"][column]),
        looks=counts["looks_by_column"].get(column, {}), unit=view.rules[column].unit,
    )  # fmt: skip


def _empty(
    view: ModelView, table: str, column: str, counts: Summary, before: Summary | None, limits: Limits
) -> Iterator[Excess]:
    if column in counts["absent_columns"]:
        return
    now, then = _Cells.of(counts, column), _Cells.of(before, column) if before else None
    if then is None or not then.rows or column in (before or {}).get("absent_columns", ()):
        # a tick that nobody set is an answer, not a hole
        passed = now.empty == now.rows > limits.allowance and not view.rules[column].empty_is_answer
    else:
        passed = _lost((now.empty, now.rows), (then.empty, then.rows), limits)
    if passed:
        yield Excess(
            table=table, column=column, key="max_empty_share", n=now.empty, of=now.rows, limit=limits.max_empty_share,
            before=then.empty / then.rows if then and then.rows else None,
        )  # fmt: skip


def _missing_rows(
    table: str, now: tuple[int, int], before: Summary | None, people_before: int, limits: Limits
) -> Iterator[Excess]:
    """People without a row in a table beside the person table: empty cells that are not even there."""
    n, of = now
    then = (people_before - before["n_valid"], people_before) if before and people_before else None
    if _lost(now, then, limits) if then else n == of > limits.allowance:
        yield Excess(
            table=table, column="", key="max_empty_share", n=n, of=of, limit=limits.max_empty_share,
            before=then[0] / then[1] if then else None,
        )  # fmt: skip


def _lost(now: tuple[int, int], then: tuple[int, int], limits: Limits) -> bool:
    """Whether more is empty than training lets expect, beyond limit, allowance and chance."""
    (empty, of), (empty_before, of_before) = now, then
    expected = of * (1 - empty_before / of_before)
    if empty <= limits.allowance or expected - (of - empty) <= limits.max_empty_share * expected:
        return False
    return upper_tail(empty, of, (empty_before + 1) / (of_before + 2)) <= CHANCE


def _most(rules: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(rules.items(), key=lambda item: (-item[1], item[0]))[:3])
