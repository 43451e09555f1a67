"""Data contracts: what every raw and every published table must look like, and how a table is split by them."""

from schemas.lean import spare_pandas

spare_pandas()  # here, so that it comes before any module of a study imports Pandera
