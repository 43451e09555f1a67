"""The contracts of a study's published tables: made from the code, kept in the folder ``contracts``."""
