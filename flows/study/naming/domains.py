"""Feature domains: those that a study's block names, and what its feature module says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flows.study.naming.parts import repeated
from mtl_models.wording import unknown

if TYPE_CHECKING:
    from flows.features.build import StudyFeatures
    from flows.project.settings import StudySettings


def own_domain_faults(features: StudyFeatures, names: Sequence[str], study: str) -> Iterator[str]:
    """Tasks that a study's own domains name and the study lacks, and names that two domains or none can have.

    Args:
        names: of all the study's tasks, auxiliary ones too.
    """
    where = f"flows/features/{study}/__init__.py: STUDY"
    for domain, own in features.own.items():
        hidden_from = f"{where}.own[{domain!r}].hidden_from"
        if isinstance(own.hidden_from, str):
            yield f"{hidden_from}: must be a tuple of names, not text: write ({own.hidden_from!r},)"
            continue
        yield from (f"{hidden_from}: {unknown(name, names)}" for name in own.hidden_from if name not in names)
        yield from repeated(own.hidden_from, hidden_from)
        if domain in features.domains:
            yield f"{where}.own[{domain!r}]: a domain of that name stands under `domains` too: choose another"
    for domain in (*features.domains, *features.own):
        if "__" in domain:  # what stands before it in a feature's name is its domain
            yield f"{where}: the domain {domain!r} has two underscores, which end a domain's name in that of a feature"


def domain_faults(settings: StudySettings, domains: Sequence[str]) -> Iterator[str]:
    """Feature domains that the study's feature module has not."""
    places = {"model": settings.model.domains, **_raw_domains(settings)}
    for where, names in places.items():
        yield from (f"{where}.domains: {unknown(name, domains)}" for name in names if name not in domains)
        yield from repeated(names, f"{where}.domains")


def _raw_domains(settings: StudySettings) -> dict[str, tuple[str, ...]]:
    """Domains named in parts of a model that come on top of the study's own."""
    compare, teacher = settings.compare, settings.training.distillation
    parts: dict[str, dict[str, Any]]
    parts = {f"compare.candidates.{name}.model": each.model for name, each in compare.candidates.items()}
    parts["compare.base.model"] = compare.base.model
    if teacher is not None:
        parts["training.distillation.model"] = teacher.model
    lists = {where: part["domains"] for where, part in parts.items() if isinstance(part.get("domains"), list | tuple)}
    return {where: tuple(str(name) for name in names) for where, names in lists.items()}
