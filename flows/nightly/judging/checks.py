"""A check of the gate and its verdict, and the verdict of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["pass", "fail", "not judged"]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: what was looked at, such as ``champion, mean``.
        outcome: a check that is required and has no figure fails; one that nobody asked for is not judged.
        words: why, in a sentence without any person's value.
        figures: the numbers behind it.
    """

    name: str
    outcome: Outcome
    words: str
    figures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, passes: bool, words: str, **figures: Any) -> Check:
        """A check that was judged."""
        return cls(name, "pass" if passes else "fail", words, figures)

    @classmethod
    def not_judged(cls, name: str, words: str) -> Check:
        """A check that could not be made, or that nobody asked for."""
        return cls(name, "not judged", words)


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes:
        words: why, in a sentence.
        n: the people that it was judged on.
        gains: the challenger's gains over the champion, as ``mtl_models.metrics.comparison.compare`` records them;
            empty where there was no champion or no task of both.
        checks: every check with its verdict.
    """

    passes: bool
    words: str
    n: int
    gains: dict[str, Any] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @classmethod
    def of(cls, checks: Sequence[Check], n: int, gains: dict[str, Any], leading: str) -> Verdict:
        """The verdict of all checks: those that failed are named, else the one called ``leading`` speaks."""
        failed = [check for check in checks if check.outcome == "fail"]
        if failed:
            words = "; ".join(f"{check.name}: {check.words}" for check in failed)
        else:
            first = next(check for check in checks if check.name == leading)
            n_passed = sum(check.outcome == "pass" for check in checks)
            words = f"{first.words}; {n_passed} checks passed"
        return cls(not failed, words, n, gains, tuple(checks))

    def record(self) -> dict[str, Any]:
        """The gains and every check, as plain JSON types."""
        return {**self.gains, "checks": [asdict(check) for check in self.checks]}


def checks_of(record: dict[str, Any]) -> list[Check]:
    """The checks of what :meth:`Verdict.record` gave; none of a record from before there were any."""
    return [Check(**check) for check in record.get("checks", ())]
