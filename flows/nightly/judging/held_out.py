"""On whom a challenger is judged alone, and on whom beside another model: people that neither was trained on.

Of a fixed split these are the validation people of the newest training, without those that a model learned from by its
own record (``trained_on.parquet`` beside it): people who came since the champion's training count, and if someone was
moved between the parts, nobody is judged on what they learned by heart. Of folds they are all people of whom both
models have predictions out of fold: each was predicted by networks that were not trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.fitting.names import FINAL
from flows.nightly.judging.checks import Check
from flows.nightly.judging.evidence import Evidence
from flows.nightly.judging.predicted import People, Predicted
from flows.project.errors import sentence_of
from flows.report.words import count
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.serving.scorer import Scorer

VALID, FOLDS = "validation people", "people out of fold"


@dataclass(frozen=True)
class Model:
    """A model and what is kept beside it."""

    scorer: Scorer
    evidence: Evidence

    @property
    def version(self) -> str:
        """Its version."""
        return self.scorer.sha256


@dataclass(frozen=True)
class HeldOut:
    """All people of the newest training, and the validation part of them.

    Attributes:
        features, targets: of the validation part, in one order.
        all_features, all_targets: of everyone, in one order.
    """

    features: pl.DataFrame
    targets: pl.DataFrame
    all_features: pl.DataFrame
    all_targets: pl.DataFrame

    @classmethod
    def of(cls, study: Study) -> HeldOut:
        """Those of a study."""
        folder = study.paths.features
        features = pl.read_parquet(folder / "features.parquet").sort(PERSON)
        targets = features.select(PERSON).join(
            pl.read_parquet(folder / "targets.parquet"), on=PERSON, how="left", maintain_order="left"
        )
        splits = pl.read_parquet(folder / "splits.parquet")
        valid = features[PERSON].is_in(splits.filter(pl.col(FINAL) == "valid")[PERSON].implode())
        return cls(features.filter(valid), targets.filter(valid), features, targets)

    def people(self) -> People:
        """The validation part."""
        return People(self.targets, VALID, self.features)

    def everyone(self) -> People:
        """All people, for folds."""
        return People(self.all_targets, FOLDS, self.all_features)


def file_scores(model: Model, features: pl.DataFrame) -> pl.DataFrame | str:
    """What an exported file says of people, or why it says nothing."""
    missing = [each.name for each in model.scorer.spec.features if each.name not in features.columns]
    if missing:
        return f"{len(missing)} features that it needs are no longer made"
    try:
        return model.scorer.score(features)
    except ValueError as error:
        return sentence_of(error)


def out_of_fold(people: People, *models: Evidence) -> tuple[People, list[Predicted]] | None:
    """What models of a study with folds say of all people of whom each has predictions; nothing where one has none."""
    persons = people.targets[PERSON]
    said = [model.repeats(persons) for model in models]
    repeats = sorted(set.intersection(*(set(each) for each in said)))
    if not repeats:
        return None
    frames = [[each[repeat] for repeat in repeats] for each in said]
    rows = np.ones(people.n, dtype=bool)
    for frame in (frame for each in frames for frame in each):
        rows &= frame.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    if not rows.any():
        return None
    return people.of(rows), [Predicted(tuple(each)).of(rows) for each in frames]


def said_then(model: Evidence, persons: pl.Series) -> tuple[np.ndarray, Predicted] | None:
    """What a model's first seed said of some people when it was trained, and of whom; nothing if of nobody.

    So a model is still compared when the code no longer makes its features.
    """
    seeds = model.seeds(persons)
    if not seeds:
        return None
    rows = seeds[0].select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    return (rows, Predicted(seeds[:1], seeds)) if rows.any() else None


def not_learned(people: People, named: dict[str, Evidence], min_count: int) -> tuple[np.ndarray, Check]:
    """Which of some people no model learned from, and what to say of it."""
    persons = people.targets[PERSON]
    rows, unknown = np.ones(people.n, dtype=bool), []
    for name, model in named.items():
        learned = model.learned_from(persons)
        if learned is None:
            unknown.append(name)
        else:
            rows &= ~learned.to_numpy()
    left, n = int((~rows).sum()), int(rows.sum())
    were = f"{' and '.join(named)} {'was' if len(named) == 1 else 'were'} not trained on"
    whose = f"{count(n, min_count)} {people.whose} that {were}"
    title = f"people, {next(reversed(named))}"
    if unknown and n:
        words = f"{whose}, if nobody was moved: it was not kept whom the {' and '.join(unknown)} was trained on"
        return rows, Check.not_judged(title, words)
    out = f"; {count(left, min_count)} were left out" if left else ""
    return rows, Check.of(title, n > 0, f"{whose}{out}")
