"""A study's functions by its name, guarded: what goes wrong in them is a sentence without a value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import polars as pl

from flows.errors import kind_of, place_of
from flows.features.build import DomainFunction, StudyFeatures, Tables
from flows.features.guard import FeatureError, Reader
from flows.features.view import why_hidden
from mtl_models.tasks import Task
from schemas.contract import load_contract


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

    return StudyFeatures(
        people=_with_reason(guard("the people function", definition.people), study),
        domains={name: guard(f"domain {name}", each) for name, each in definition.domains.items()},
        targets=guard("the target function", definition.targets),
        own={
            name: replace(each, function=guard(f"domain {name}", each.function, each.hidden_from))
            for name, each in definition.own.items()
        },
    )


def _definition(study: str) -> StudyFeatures:
    """The study's own ``STUDY``, unguarded."""
    name, file = f"flows.features.{study}", f"flows/features/{study}/__init__.py"
    try:
        found = getattr(import_module(name), "STUDY", None)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            fault = f"study {study!r} has no feature module: write {file}"
        elif isinstance(error, SyntaxError):
            where = f"{Path(error.filename or file).name}, line {error.lineno}"
            fault = f"{study}: the features cannot be imported: {where}, is not valid Python ({error.msg})"
        else:
            said = f": {error}" if isinstance(error, ImportError) else ""
            fault = f"{study}: the features cannot be imported: {kind_of(error)}{place_of(error)}{said}"
    else:
        if isinstance(found, StudyFeatures):
            return found
        fault = f"{study}: {file} has no STUDY = StudyFeatures(...)"
    raise FeatureError(fault)


def _with_reason(people: DomainFunction, study: str) -> DomainFunction:
    """A people function that must say who is outside the cohort."""

    def checked(tables: Tables) -> pl.DataFrame:
        frame = people(tables)
        if frame.schema.get("reason") not in (pl.String, pl.Null):
            raise FeatureError(
                f"{study}: the people function must give a column `reason`, text: why a person is outside the cohort, "
                "null for those inside"
            )
        return frame.with_columns(pl.col("reason").cast(pl.String))

    return checked
