"""How often a night of people like those of training is beyond a limit of the watch, its drop without outcomes.

``python -m benchmarks.calm_nights``: nights of test people of NHANES drawn anew, 200 nights of each size. The champion
must be registered: ``mtl-health retrain --study nhanes``. Two shifts are planted: years doubled, and told height in
centimetres instead of inches.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import polars as pl

from flows.features.cohort import cohort_of
from flows.features.view import is_hidden
from flows.fitting.names import FINAL
from flows.nightly.watch.counting import Counted
from flows.nightly.watch.records import BEYOND, INPUTS, SCORES
from flows.nightly.watch.reference import kept_reference
from flows.nightly.watch.shift import domains_of, watch_shift
from flows.nightly.watch.without import Lacking, Without, reference_without
from flows.project.paths import project_root
from flows.stores.valid import read_valid
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.serving.scorer import Scorer

AGE, HEIGHT = "demographic__ridageyr", "questionnaire__whd010"
SHIFTS = {
    "as they are": [],
    "years doubled": [(pl.col(AGE) * 2).clip(0, 80)],
    "height in cm": [pl.col(HEIGHT) * 2.54],
}


def main() -> None:
    """Print shares of nights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--people", type=int, nargs="+", default=[50, 150, 500])
    given = parser.parse_args()
    study = Study(project_root(), "nhanes")
    judge = judged(study)
    generator = np.random.default_rng(0)
    print("people  shift           reference            inputs  scores   share of nights with one beyond its limit")
    for people in given.people:
        for shift, changes in SHIFTS.items():
            for which in ("as if all had come", "as the drop is made"):
                found = [judge(generator, people, changes, which) for _ in range(given.nights)]
                inputs, scores = (np.mean([area in each for each in found]) for area in (INPUTS, SCORES))
                print(f"{people:6}  {shift:14}  {which:19}  {inputs:6.1%}  {scores:6.1%}")


def judged(study: Study) -> Callable[[np.random.Generator, int, list[pl.Expr], str], set[str]]:
    """What is beyond its limit in a night of so many test people, by their areas."""
    settings, champion = study.settings, study.registry.require_champion(study.name)
    reference = kept_reference(study.registry, champion.version)
    assert reference is not None
    scorer, valid = Scorer(champion.path), read_valid(study.name, study.paths.valid)
    lacking = _outcomes(study, valid)
    known = {
        "as if all had come": Without(),
        "as the drop is made": reference_without(study, champion.version, reference, lacking),
    }
    splits = pl.read_parquet(study.paths.features / "splits.parquet")
    test = splits.filter(pl.col(FINAL) == "test")[PERSON]
    features = cohort_of(study.name, lacking.taken_from(valid), settings.task_records, settings.known_later).features
    features = features.filter(pl.col(PERSON).is_in(test.implode()))
    tasks = {task.name: task.prediction_columns for task in settings.task_records if task.role == "main"}

    def night(generator: np.random.Generator, people: int, changes: list[pl.Expr], which: str) -> set[str]:
        drawn = features[generator.choice(features.height, people, replace=False)].with_columns(*changes)
        counted = Counted.of(reference, drawn, scorer.score(drawn))
        without = known[which]
        records = watch_shift(
            without.of(reference),
            counted,
            domains_of(reference),
            tasks,
            settings.watch,
            settings.evaluation.min_count,
            without.aside,
        )
        return {record.area for record in records if record.state == BEYOND}

    return night


def _outcomes(study: Study, tables: dict[str, pl.DataFrame]) -> Lacking:
    """What a drop of before the outcomes lacks, as ``mtl-health sample-drop`` leaves it out."""
    key = study.contract.person_key
    hidden = {
        name: [c for c in frame.columns if c != key and is_hidden(name, c, study.hidden)]
        for name, frame in tables.items()
    }
    gone = tuple(sorted(name for name, columns in hidden.items() if len(columns) == tables[name].width - 1))
    columns = (f"{name}.{column}" for name, each in hidden.items() if name not in gone for column in each)
    return Lacking(gone, tuple(sorted(columns)))


if __name__ == "__main__":
    main()
