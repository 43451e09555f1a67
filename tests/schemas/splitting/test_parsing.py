"""A column whose texts repeat is read by its distinct texts: the same values and notes as cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from schemas.contract import Contract
from schemas.reading.folder import find_table
from schemas.reading.source import read_table
from schemas.splitting.parsing import ROW, SEEN, parse

N_ROWS = 3 * SEEN
ODD = ["", " ", "-7", " 5 ", "abc", "1.0", "-0", "nan", "inf", "1e400", "5.397605346934028e-79", "7", "23:30", "b'1:5'"]


def test_distinct_texts_are_read_as_every_cell_is(raw: Callable[[str], Path], mini: Contract) -> None:
    generator = np.random.default_rng(0)
    odd = pl.Series([*ODD, None])
    for name, model in mini.tables.items():
        path = find_table(raw("nhanes"), name)
        assert path is not None
        text = read_table(path, model).as_text
        text = pl.concat([text] * (N_ROWS // text.height + 1)).head(N_ROWS)
        # some columns damaged, others as they are; the keys of one table repeat and of the others do not
        for column in text.columns[:: 2 if name == "DEMO" else 3][name != "DEMO" :]:
            damaged = pl.Series(generator.random(N_ROWS) < 0.1)
            cells = pl.DataFrame({"old": text[column], "new": odd[generator.integers(0, len(odd), N_ROWS)]})
            text = text.with_columns(cells.select(pl.when(damaged).then("new").otherwise("old").alias(column)))
        values, notes = parse(text, model)
        parts = [parse(text.slice(start, SEEN - 1), model) for start in range(0, N_ROWS, SEEN - 1)]
        assert values.equals(pl.concat(part for part, _ in parts))
        counted = pl.concat(
            each.with_columns(pl.col(ROW) + place * (SEEN - 1)) for place, (_, each) in enumerate(parts)
        )
        order = ["column", ROW]
        assert notes.height
        assert notes.sort(order).equals(counted.sort(order))
