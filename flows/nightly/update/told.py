"""What a corrected version tells of itself, in words: for change records and for who asks what made a score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flows.stores.registry import CORRECTS
from mtl_models.correction.record import KEY

UPDATE = "update"
"""Under this name a corrected version's manifest tells of the update that made it."""


def told_of(manifest: Mapping[str, Any]) -> list[str]:
    """What a version's manifest tells of the update that made it, a line each; nothing of a version as trained."""
    told = manifest.get(UPDATE)
    if not told:
        return []
    return [
        f"the network of {manifest[CORRECTS][:12]}, corrected; before it {told['follows'][:12]} scored",
        f"fitted on {told['n_fitted']} people, judged on {told['n_judged']} others, who were scored from "
        f"{told['first']} to {told['last']} and whose outcomes had come by {told['until']}",
        *told["lines"],
        "all that it holds: " + json.dumps(manifest[KEY], sort_keys=True),
    ]
