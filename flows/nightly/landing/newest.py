"""One row a person of all that landed of a table: of each cell what was said last."""

from __future__ import annotations

import polars as pl

from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.splitting.intake import FILE, LINE


def columns_of(view: ModelView) -> list[str]:
    """A table's columns but the key."""
    return [name for name in view.rules if name != view.key]


def newest_rows(landed: pl.DataFrame, view: ModelView) -> pl.DataFrame:
    """The newest row of every person, in the order of their keys; a cell of a column that its file lacked is older.

    Args:
        landed: rows of one raw table, see :meth:`flows.stores.landed.LandedTable.until`.
        view: the table's rules.

    Returns:
        The contract's columns as text, null where no file had the column, and where the newest row stood.
    """
    rows = landed.sort(PERSON, "landed_on")
    wide = pl.DataFrame(
        [
            rows[PERSON].alias(view.key),
            *(rows[name] for name in columns_of(view)),
            (rows["landed_on"].cast(pl.String) + "/" + rows["file"]).alias(FILE),
            rows["line"].alias(LINE),
        ]
    )
    if wide[view.key].is_unique().all():
        return wide
    last = (pl.col(name).drop_nulls().last() for name in wide.columns if name != view.key)
    return wide.group_by(view.key, maintain_order=True).agg(last)
