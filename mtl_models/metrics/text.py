"""Figures as text: an interval is written in one way wherever it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Form = Callable[[float], str]


def interval(figure: Mapping[str, Any], form: Form) -> str:
    """The interval in brackets, ``[0.810, 0.880]``; nothing where the figure has none."""
    return "" if figure["low"] is None or figure["high"] is None else f"[{form(figure['low'])}, {form(figure['high'])}]"


def with_interval(value: str, figure: Mapping[str, Any], form: Form) -> str:
    """A value that is text already, and after it the interval of its figure, if that has one."""
    return " ".join(filter(None, (value, interval(figure, form))))
