"""The flow ``score again``: dates whose scores another model made are scored anew, in one run."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import flow

from flows.nightly.score import score
from flows.project.access import apply
from flows.project.errors import sentence_of, value_free
from flows.project.paths import project_root


@dataclass(frozen=True)
class Rescored:
    """What came of some dates.

    Attributes:
        done: those that were scored.
        left: those that were not, each with why; their scores stand as they were.
    """

    done: tuple[str, ...]
    left: dict[str, str]


@flow(name="score again", validate_parameters=True)
@value_free
def score_again(study: str, dates: list[str]) -> Rescored:
    """Score some dates with the champion of now; what is wrong with one keeps no other from it.

    Args:
        study: name of a block of params.yaml.
        dates: those to score.
    """
    apply(project_root())
    done, left = list[str](), dict[str, str]()
    for date in dates:
        try:
            score(study, date)
        except Exception as error:
            left[date] = sentence_of(error)
        else:
            done.append(date)
    return Rescored(tuple(done), left)
