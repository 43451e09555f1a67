"""A study's block as settings: every key at fault is named, and what is sound is still read, for further rules."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mtl_models.faults import validation_faults

Settings = TypeVar("Settings", bound=BaseModel)
ROUNDS = 5  # a key that is taken out may uncover another fault


def read_block(
    kind: type[Settings], block: Any, where: str, placeholders: Mapping[str, Any]
) -> tuple[Settings | None, list[str], set[str]]:
    """Settings of what is sound in a block, a sentence for each fault, and the keys of the block that have one.

    Args:
        kind: the settings' model.
        block: as YAML gives it.
        where: the place of the block in its file.
        placeholders: what stands in for a key that must be there and is missing or at fault.
    """
    faults: list[str] = []
    touched: set[str] = set()
    rest = copy.deepcopy(block)
    for round_ in range(ROUNDS):
        try:
            found = kind.model_validate_json(json.dumps(rest, default=str), strict=True)
        except ValidationError as error:
            new = validation_faults(error, where, kind)
            # what is missing after the first round was taken out here
            faults += [fault for fault in new if round_ == 0 or not fault.endswith(": is missing")]
            if not isinstance(rest, dict):
                return None, faults, touched
            places = [fault["loc"] for fault in error.errors(include_url=False, include_input=False)]
            touched |= {str(place[0]) for place in places if place}
            for place in sorted(places, key=lambda each: [str(part) for part in each], reverse=True):
                _take_out(rest, place, placeholders)
        else:
            return found, list(dict.fromkeys(faults)), touched
    return None, list(dict.fromkeys(faults)), touched


def _take_out(rest: dict[str, Any], place: Sequence[int | str], placeholders: Mapping[str, Any]) -> None:
    """Remove what stands at a place; where that leaves a hole in the block, fill it with the placeholder."""
    holder: Any = rest
    for part in place[:-1]:
        try:
            inner = holder[part]
        except (KeyError, IndexError, TypeError):
            break
        if not isinstance(inner, dict | list):
            break
        holder = inner
    last = place[-1] if place else ""
    if len(place) > 1 and holder is not rest and (isinstance(holder, list) or last in holder):
        if isinstance(holder, list):
            if isinstance(last, int) and last < len(holder):
                del holder[last]
                return
        else:
            del holder[last]
            return
    top = str(place[0]) if place else ""
    rest.pop(top, None)
    if top in placeholders:
        rest[top] = copy.deepcopy(placeholders[top])
