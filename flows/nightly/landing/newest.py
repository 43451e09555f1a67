"""One row a person of all that landed of a table: of each cell what was said last."""

from __future__ import annotations

import polars as pl

from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.splitting.intake import FILE, LINE


def cells_of(landed: pl.DataFrame, view: ModelView) -> pl.DataFrame:
    """The text of a table's columns but the key, a row each; null where a file lacked the column."""
    columns = [name for name in view.rules if name != view.key]
    if not columns:
        return landed.select()
    cells = landed["row"].str.json_decode(pl.Struct(dict.fromkeys(columns, pl.String))).struct.unnest()
    return cells.select(pl.all().str.strip_chars())


def newest_rows(landed: pl.DataFrame, view: ModelView) -> pl.DataFrame:
    """The newest row of every person, in the order of their keys; a cell of a column that its file lacked is older.

    Args:
        landed: rows of one raw table, see :class:`schemas.published.Landed`.
        view: the table's rules.

    Returns:
        The contract's columns as text, null where no file had the column, and where the newest row stood.
    """
    columns = [name for name in view.rules if name != view.key]
    rows = landed.sort(PERSON, "landed_on")
    cells = cells_of(rows, view)
    wide = pl.DataFrame(
        [
            rows[PERSON].alias(view.key),
            *(cells[name] for name in columns),
            (rows["landed_on"].cast(pl.String) + "/" + rows["file"]).alias(FILE),
            rows["line"].alias(LINE),
        ]
    )
    if wide[view.key].is_unique().all():
        return wide
    last = (pl.col(name).drop_nulls().last() for name in wide.columns if name != view.key)
    return wide.group_by(view.key, maintain_order=True).agg(last)
