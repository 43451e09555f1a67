"""Kinds of fields by name."""

from __future__ import annotations

from schemas.fields.binary import Binary
from schemas.fields.category import Category
from schemas.fields.flag import Flag
from schemas.fields.integer import Integer
from schemas.fields.number import Number
from schemas.fields.person_key import PersonKey
from schemas.fields.rules import Rules
from schemas.fields.time_of_day import TimeOfDay

# a new kind: a file beside this one with a class that extends Rules and a helper of the kind's name, and a line here
KINDS: dict[str, type[Rules]] = {
    "person_key": PersonKey,
    "number": Number,
    "integer": Integer,
    "category": Category,
    "binary": Binary,
    "flag": Flag,
    "time_of_day": TimeOfDay,
}
