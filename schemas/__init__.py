"""Data contracts: what every raw and every published table must look like, and how a table is split by them."""
