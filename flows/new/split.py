"""The split file: train, valid and test in fixed shares, alike in their outcomes, the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from flows.new.plan import Plan
from flows.new.source import NewStudyError
from mtl_models.kinds import KINDS

SPLIT = "splits/split.csv"
SEED = 0
# of every five in the order of their outcomes, three go to train: 60, 20 and 20 per cent
TURNS = ("train", "valid", "train", "test", "train")
SHARES = {part: TURNS.count(part) / len(TURNS) for part in ("train", "valid", "test")}
BINS = 4  # of a number, of equal size
PERSON, UNIT = "person", "unit"


def split_people(persons: pl.Series, outcomes: Sequence[pl.Series], groups: pl.Series | None = None) -> pl.Series:
    """The part of every person, in their order.

    People are sorted by their outcomes, then by a hash of seed and key, and dealt out in turn, so each part has its
    share of every combination of outcomes. Groups are dealt out whole, the large ones first, those of one size by the
    outcomes of their people.

    Args:
        persons: the keys.
        outcomes: whatever shall be alike, such as ``strata`` gives it; rarest first, since the first sorts best.
        groups: whom each person belongs to; null for nobody else.
    """
    units = persons if groups is None else pl.select(pl.coalesce("group: " + groups, "alone: " + persons)).to_series()
    frame = pl.DataFrame([units.alias(UNIT), *(each.alias(f"outcome {place}") for place, each in enumerate(outcomes))])
    names = frame.columns[1:]
    dealt = (
        frame.group_by(UNIT, maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("size"), *(pl.col(name).sum() for name in names))
        .with_columns(pl.Series("hash", [_hashed(unit) for unit in frame[UNIT].unique(maintain_order=True)]))
        .sort(-pl.col("size"), *names, "hash")
    )
    parts = _in_turn(dealt.height) if groups is None else _by_size(dealt["size"].to_list())
    dealt = dealt.select(UNIT, split=pl.Series(parts))
    return frame.select(UNIT).join(dealt, on=UNIT, how="left", maintain_order="left")["split"]


def _in_turn(n: int) -> list[str]:
    return [TURNS[place % len(TURNS)] for place in range(n)]


def _by_size(sizes: Sequence[int]) -> list[str]:
    """Each group to the part that lacks most of its share."""
    has, found, total = dict.fromkeys(SHARES, 0), [], 0
    for size in sizes:
        total += size
        part = max(SHARES, key=lambda each: SHARES[each] * total - has[each])
        has[part] += size
        found.append(part)
    return found


def _hashed(unit: str) -> str:
    return hashlib.sha256(f"{SEED} {unit}".encode()).hexdigest()


def strata(values: pl.Series, *, number: bool) -> pl.Series:
    """A whole number for each person's outcome: its class, or the bin of a number; 0 where there is none."""
    if not number:
        return values.cast(pl.String).rank("dense").fill_null(0).cast(pl.Int64)
    numbers = values.cast(pl.Float64, strict=False).fill_nan(None)
    known = numbers.drop_nulls().to_numpy()
    if not len(known):
        return pl.zeros(len(values), pl.Int64, eager=True)
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS))
    places = np.searchsorted(edges, numbers.fill_null(0).to_numpy(), side="right") + 1
    return pl.Series(np.where(numbers.is_null().to_numpy(), 0, places), dtype=pl.Int64)


def split_of(plan: Plan, keys: pl.Series) -> pl.DataFrame:
    """The split file's rows: the key of everybody in the person table, and the part."""
    outcomes = [
        strata(_column(plan, place.table, place.column, keys), number=KINDS[task.task.kind].form == "number")
        for task in plan.tasks
        for place in task.places
    ]
    # the rarest answer of all sorts first: it is the one that a part could miss
    outcomes.sort(key=lambda each: int(each.value_counts()["count"].min()))  # type: ignore[arg-type]
    groups = _column(plan, plan.group.table, plan.group.column, keys) if plan.group else None
    parts = split_people(keys, outcomes, groups)
    if missing := [part for part in SHARES if part not in set(parts)]:
        who = f"groups of {plan.group.column}" if plan.group else "people"
        raise NewStudyError(f"there are too few {who} to split: nobody is left for {' and '.join(missing)}")
    return pl.DataFrame([keys, parts]).sort(keys.name)


def _column(plan: Plan, table: str, column: str, keys: pl.Series) -> pl.Series:
    """A column of any table, for the people in ``keys``."""
    source = next(each.source for each in plan.tables if each.name == table)
    key = plan.request.key
    if column == key:
        return keys
    given = pl.DataFrame([plan.keys(source), source.frame[column]]).unique(key, keep="first", maintain_order=True)
    return keys.to_frame(key).join(given, on=key, how="left", maintain_order="left")[column]


def count_parts(raw: Path) -> dict[str, int]:
    """People in each part of a written split."""
    parts = pl.read_csv(raw / SPLIT, infer_schema=False)["split"]
    return {part: int((parts == part).sum()) for part in ("train", "valid", "test")}
