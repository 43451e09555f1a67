"""The reference of a night whose drop lacks tables or columns: as if nobody had ever had them.

A drop is made before the outcomes are known, so the tables and columns that tell them are not in it, though the people
that a model learned from have them. Features made from them are left out of the comparison, and a score is compared
with what the model says of held-out people when they lack the same. This is made once for a model and what is lacking,
and kept; counts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from flows.nightly.watch.counting import MOST, Counts, Reference
from flows.project.errors import sentence_of
from flows.project.hashing import digest
from flows.project.paths import read_json, write_json
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, Feature

if TYPE_CHECKING:
    from mtl_models.serving.scorer import Scorer


@dataclass(frozen=True)
class Lacking:
    """What a drop lacks.

    Attributes:
        tables: those that did not arrive.
        columns: those that tables came without, ``TABLE.COLUMN``; only outcomes and what gives them away may be.
    """

    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, validation: Mapping[str, Any]) -> Lacking:
        """By the summary of its validation."""
        absent = sorted(validation.get("absent", ()))
        columns = (
            f"{name}.{column}"
            for name, table in validation.get("tables", {}).items()
            if name not in absent
            for column in table["absent_columns"]
        )
        return cls(tuple(absent), tuple(sorted(columns)))

    def touches(self, feature: Feature, person_table: str) -> bool:
        """Whether a feature may be another one, or none, without them: only an own domain reads what may be lacking."""
        read = {*feature.tables, person_table}
        columns = {each.partition(".")[0] for each in self.columns}
        return bool(read & set(self.tables)) or bool(feature.hidden_from and read & columns)

    def of_features(self, features: Iterable[Feature], person_table: str) -> Lacking:
        """The part of it that may change some features."""
        read = {person_table, *(table for feature in features for table in feature.tables)}
        tables = tuple(name for name in self.tables if name in read)
        return Lacking(tables, tuple(each for each in self.columns if each.partition(".")[0] in read))

    def taken_from(self, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """Tables without their rows, and columns without their values, where they are lacking."""
        found = {name: frame.clear() if name in self.tables else frame for name, frame in tables.items()}
        for each in self.columns:
            name, _, column = each.partition(".")
            if column in found.get(name, pl.DataFrame()).columns:
                found[name] = found[name].with_columns(pl.lit(None, found[name].schema[column]).alias(column))
        return found

    def words_of(self, feature: Feature, person_table: str) -> str:
        """Why a feature is missing for everybody."""
        parts = {each.partition(".")[0] for each in self.columns} if feature.hidden_from else set()
        gone = [table for table in feature.tables if table in self.tables]
        part = [table for table in (*feature.tables, person_table) if table in parts and table not in gone]
        said = [f"{' and '.join(gone)} did not arrive"] if gone else []
        return ", ".join([*said, *([f"{' and '.join(part)} came without what tells an outcome"] if part else [])])


@dataclass(frozen=True)
class Without:
    """What takes the place of a reference's counts where a drop lacks something.

    Attributes:
        absent: the features that nobody has then, each with the reason.
        inputs: of features that are others then, but not absent.
        scores: of tasks that see one of either.
        unknown: the scores of which it is not known what they are then.
        why: why it is not.
    """

    absent: Mapping[str, str] = field(default_factory=dict)
    inputs: Counts = field(default_factory=dict, repr=False)
    scores: Counts = field(default_factory=dict, repr=False)
    unknown: tuple[str, ...] = ()
    why: str = ""

    @property
    def aside(self) -> dict[str, str]:
        """The columns that are not compared, each with the reason."""
        unknown = f"what it is without them is not known: {self.why}"
        return {**self.absent, **dict.fromkeys(self.unknown, unknown)}

    def of(self, reference: Reference) -> Reference:
        """The reference to compare the night with."""
        inputs = {
            name: self.inputs.get(name, each) for name, each in reference.inputs.items() if name not in self.absent
        }
        scores = {
            name: self.scores.get(name, each) for name, each in reference.scores.items() if name not in self.unknown
        }
        return replace(reference, inputs=inputs, scores=scores)


def reference_without(study: Study, version: str, reference: Reference, lacking: Lacking) -> Without:
    """What the reference of a version is where a drop lacks something; made when that is seen for the first time."""
    if lacking == Lacking():
        return Without()
    from mtl_models.serving.scorer import Scorer

    scorer = Scorer(study.registry.path(version), sha256=version)
    person_table = study.contract.person_table
    touched = [each for each in scorer.spec.features if lacking.touches(each, person_table)]
    lacking = lacking.of_features(touched, person_table)
    if not touched:
        return Without()
    kept = _file(study, version, reference, lacking)
    if (found := _read(kept)) is not None:
        return found
    try:
        found = _made(study, scorer, reference, lacking, touched)
    except Exception as error:  # no table of training people is here, or it is being made anew
        absent = {each.name: lacking.words_of(each, person_table) for each in touched}
        return Without(absent, unknown=tuple(_seeing(scorer, touched)), why=sentence_of(error))
    write_json(kept, {**asdict(lacking), **_plain(found)})
    return found


def _file(study: Study, version: str, reference: Reference, lacking: Lacking) -> Path:
    key = digest([reference.to_json(), *lacking.tables, *lacking.columns])[:16]
    return study.paths.watch / "references" / version / f"{key}.json"


def _plain(found: Without) -> dict[str, Any]:
    counts = {name: {key: each.tolist() for key, each in getattr(found, name).items()} for name in ("inputs", "scores")}
    return {"absent": found.absent, **counts}


def _read(path: Path) -> Without | None:
    try:
        held = read_json(path)
        inputs, scores = ({key: np.array(each) for key, each in held[name].items()} for name in ("inputs", "scores"))
        return Without(held["absent"], inputs, scores)
    except (OSError, ValueError, KeyError, AttributeError):  # none, or half of one: it is made anew
        return None


def _made(study: Study, scorer: Scorer, reference: Reference, lacking: Lacking, touched: list[Feature]) -> Without:
    """Features made anew from tables without what is lacking, and what the model says of people who have no others."""
    learned, held_out = _people(study, scorer.sha256)
    features = _features(study, lacking, [*learned, *held_out])
    ours = features.filter(pl.col(PERSON).is_in(learned.implode()))
    others = features.filter(pl.col(PERSON).is_in(held_out.implode()))
    gone = [each for each in touched if features[each.name].null_count() == features.height]
    absent = {each.name: lacking.words_of(each, study.contract.person_table) for each in gone}
    changed = [each.name for each in touched if each.name not in absent and each.name in reference.inputs]
    inputs = reference.count(ours, changed, reference.parts(ours))
    names = [name for name in _seeing(scorer, touched) if name in reference.scores]
    scores = reference.count(scorer.score(others), names, reference.parts(others))
    return Without(absent, inputs, scores)


def _seeing(scorer: Scorer, touched: list[Feature]) -> list[str]:
    """The columns of the tasks that see one of some features."""
    tasks = [task for task in scorer.tasks if task.role == "main"]
    return [
        column
        for task in tasks
        if any(task.name not in each.hidden_from for each in touched)
        for column in task.prediction_columns
    ]


def _people(study: Study, version: str) -> tuple[pl.Series, pl.Series]:
    """Training people, and validation people from whom a version did not learn: of very many every so many-th.

    Raises:
        ValueError: if there is none of one kind.
    """
    from flows.fitting.names import FINAL
    from flows.nightly.judging.evidence import Evidence

    splits = pl.read_parquet(study.paths.features / "splits.parquet", columns=[PERSON, FINAL])
    known = Evidence.of(study.registry, version).learned_from(splits[PERSON])
    mine = splits[FINAL] == "train" if known is None else known
    found = []
    for people in (splits.filter(mine)[PERSON], splits.filter(~mine, pl.col(FINAL) == "valid")[PERSON]):
        if people.is_empty():
            raise ValueError("the newest training has none of the people that it would be counted of")
        found.append(people.gather_every(max(1, -(-len(people) // MOST))))
    return found[0], found[1]


def _features(study: Study, lacking: Lacking, people: list[str]) -> pl.DataFrame:
    """Features of some people, made from the newest training's valid tables, of which no more than their rows is kept.

    Raises:
        FileNotFoundError: if there are no such tables here.
    """
    from flows.features.cohort import cohort_of

    contract, settings, valid = study.contract, study.settings, study.paths.valid
    if not (valid / f"{contract.person_table}.parquet").is_file():
        raise FileNotFoundError(f"no valid tables in {valid.relative_to(study.root)}")
    theirs = pl.col(contract.person_key).is_in(pl.Series(people).implode())
    tables = {
        name: pl.scan_parquet(path).filter(theirs).collect()
        for name in contract.tables
        if (path := valid / f"{name}.parquet").exists()
    }
    return cohort_of(study.name, lacking.taken_from(tables), settings.task_records, settings.known_later).features
