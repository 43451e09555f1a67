"""The part of the features that a model sees."""

from __future__ import annotations

from collections.abc import Iterable

from mtl_models.data.dataset import FeatureSpec
from mtl_models.settings import ModelSettings


def features_in_view(spec: FeatureSpec, model: ModelSettings, tasks: Iterable[str]) -> FeatureSpec:
    """The features that at least one of the tasks may see in the model's view, of its domains if it names any.

    Args:
        tasks: names of the tasks.

    Raises:
        ValueError: for a domain that the features lack.
    """
    if unknown := sorted(set(model.domains) - set(spec.domains)):
        known = ", ".join(spec.domains)
        raise ValueError(f"model.domains: the features have no domain {unknown[0]}; they have {known}")
    part = spec.core if model.view == "core" else spec.seen_by(tasks)
    if not model.domains:
        return part
    return FeatureSpec(tuple(feature for feature in part.features if feature.domain in model.domains))
