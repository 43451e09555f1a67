"""How a task's decision follows from its probabilities: a rule, and the numbers that it was turned into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_models.wording import type_fault, unknown


@dataclass(frozen=True)
class Rule:
    """One way to decide.

    Attributes:
        words: what it does, with its ``{value}`` or ``{percent}``; a sentence begins with what is predicted.
        needs: what its number must be, in words; empty for a rule without one.
        low, high: between which the number lies, both left out.
    """

    words: str
    needs: str = ""
    low: float = 0.0
    high: float = float("inf")


THRESHOLD = "threshold"
SHARE, SENSITIVITY, FALSE_ALARMS = "share", "sensitivity", "false_alarms"
LIKELIEST, EXPECTED, CLASS_SHARES = "likeliest", "expected", "class_shares"

RULES = {
    SHARE: Rule("from a threshold on that {percent:g} % of the validation people reach", "a share of people", high=1.0),
    SENSITIVITY: Rule(
        "from a threshold on that {percent:g} % of the cases among the validation people reach",
        "a share of the cases",
        high=1.0,
    ),
    FALSE_ALARMS: Rule(
        "from the threshold on at which one missed case is as bad as {value:g} false alarms", "a number above 0"
    ),
    LIKELIEST: Rule("likeliest class"),
    EXPECTED: Rule("expected class, rounded"),
    CLASS_SHARES: Rule("class, cut so that each is as frequent as among the training people"),
}


@dataclass(frozen=True)
class Decide:
    """A rule with its number.

    Attributes:
        rule: a key of :data:`RULES`; empty where a task says nothing.
        value: the rule's number, if it has one.
    """

    rule: str = ""
    value: float | None = None

    @classmethod
    def parse(cls, given: Any) -> Decide:
        """From what a task's record holds: a name, or a mapping from a name to its number."""
        if isinstance(given, Decide):
            return given
        if isinstance(given, Mapping):
            ((rule, value),) = given.items()
            return cls(rule, float(value))
        return cls(given)

    def plain(self) -> Any:
        """The record that it is parsed from."""
        return self.rule if self.value is None else {self.rule: self.value}

    @property
    def words(self) -> str:
        """What it does, for a reader."""
        return RULES[self.rule].words.format(value=self.value, percent=100 * (self.value or 0))


NO_RULE = Decide()


def decide_fault(given: Any, rules: Sequence[str]) -> str | None:
    """What is wrong with a record of a rule, for a kind that has ``rules``."""
    if isinstance(given, Decide):
        given = given.plain()
    if given == "":
        return None
    if isinstance(given, Mapping):
        if len(given) != 1:
            return "name one rule"
        ((name, value),) = given.items()
    elif isinstance(given, str):
        name, value = given, None
    else:
        return type_fault(given, "the name of a rule, or a rule with its number")
    if name not in rules:
        return unknown(name, rules, "rule") if rules else "a task of this kind decides nothing"
    rule = RULES[name]
    if not rule.needs:
        return None if value is None else f"{name} takes no number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name} needs {rule.needs}, as {{{name}: 0.1}}"
    return None if rule.low < value < rule.high else f"{name} must be {_range(rule)}, is {value:g}"


def _range(rule: Rule) -> str:
    return "above 0 and finite" if rule.high == float("inf") else f"between {rule.low:g} and {rule.high:g}"
