"""One row a person of all that landed of a table: of each cell what was said last."""

from __future__ import annotations

import polars as pl

from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.splitting.intake import FILE, LINE


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
    words = pl.Struct({name: pl.String for name in columns})
    cells = rows["row"].str.json_decode(words).struct.unnest() if columns else pl.DataFrame()
    wide = pl.DataFrame(
        [
            rows[PERSON].alias(view.key),
            *(cells[name].str.strip_chars() for name in columns),
            (rows["landed_on"].cast(pl.String) + "/" + rows["file"]).alias(FILE),
            rows["line"].alias(LINE),
        ]
    )
    if wide[view.key].is_unique().all():
        return wide
    last = (pl.col(name).drop_nulls().last() for name in wide.columns if name != view.key)
    return wide.group_by(view.key, maintain_order=True).agg(last)
