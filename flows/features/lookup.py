"""A study's functions by its name, guarded: what goes wrong in them is a sentence without a value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import polars as pl

from flows.features.build import DomainFunction, DomainFunctions, StudyFeatures, Tables, functions_of
from flows.features.guard import FeatureError, Reader
from flows.features.view import why_hidden
from mtl_models.data.tasks import Task
from schemas.contract import load_contract
from schemas.importing import ModuleError, import_own


def study_features(study: str, tasks: Collection[Task] = (), known_later: Collection[str] = ()) -> StudyFeatures:
    """The ``STUDY`` of ``flows.features.<study>``; what goes wrong in its functions is a sentence without a value.

    Args:
        study: name of the study and of its package.
        tasks, known_later: why a column is hidden is said in their words.

    Raises:
        FeatureError: if there is no such package, or it cannot be used.
    """
    definition, contract = _definition(study), load_contract(study)

    def guard(name: str, function: DomainFunction, allowed: Collection[str] = ()) -> DomainFunction:
        hiding = [task for task in tasks if task.name not in allowed or task.role == "auxiliary"]
        why = partial(why_hidden, tasks=hiding, known_later=known_later)
        return Reader(name=name, contract=contract, why_hidden=why).guard(function)

    def guard_all(name: str, given: DomainFunctions, allowed: Collection[str] = ()) -> DomainFunctions:
        return tuple(guard(f"domain {name}", function, allowed) for function in functions_of(given))

    return StudyFeatures(
        people=_with_reason(guard("the people function", definition.people), study),
        domains={name: guard_all(name, each) for name, each in definition.domains.items()},
        targets=guard("the target function", definition.targets),
        own={
            name: replace(each, function=guard_all(name, each.function, each.hidden_from))
            for name, each in definition.own.items()
        },
    )


def _definition(study: str) -> StudyFeatures:
    """The study's own ``STUDY``, unguarded."""
    name, file = f"flows.features.{study}", f"flows/features/{study}/__init__.py"
    if find_spec(name) is None:
        raise FeatureError(f"study {study!r} has no feature module: write {file}")
    try:
        found = getattr(import_own(name), "STUDY", None)
    except ModuleError as error:
        raise FeatureError(f"the features of {study} cannot be imported: {error}") from None
    if not isinstance(found, StudyFeatures):
        raise FeatureError(f"{file} has no STUDY = StudyFeatures(...)")
    return found


def _with_reason(people: DomainFunction, study: str) -> DomainFunction:
    """A people function that must say who is outside the cohort."""

    def checked(tables: Tables) -> pl.DataFrame:
        frame = people(tables)
        if frame.schema.get("reason") not in (pl.String, pl.Null):
            raise FeatureError(
                f"the people function of {study} must give a column `reason`, text: why a person is outside the "
                "cohort, null for those inside"
            )
        return frame.with_columns(pl.col("reason").cast(pl.String))

    return checked
