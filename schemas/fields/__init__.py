"""Kinds of fields, one module each, and the helpers that declare a column: ``from schemas.fields import number``."""

from schemas.fields.binary import binary
from schemas.fields.category import category
from schemas.fields.flag import flag
from schemas.fields.integer import integer, score
from schemas.fields.model import CHECK_RULES, READS, ModelView, Table, across, categories
from schemas.fields.number import number
from schemas.fields.person_key import person_key
from schemas.fields.registry import KINDS
from schemas.fields.rules import DONT_KNOW, REFUSED, Rules
from schemas.fields.time_of_day import time_of_day
from schemas.fields.units import CHOLESTEROL_MMOL, PRESSURE_KPA

__all__ = [
    "CHECK_RULES", "CHOLESTEROL_MMOL", "DONT_KNOW", "KINDS", "PRESSURE_KPA", "READS", "REFUSED", "ModelView", "Rules",
    "Table", "across", "binary", "categories", "category", "flag", "integer", "number", "person_key", "score",
    "time_of_day",
]  # fmt: skip
