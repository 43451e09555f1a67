"""Jobs one after the other, in the process that asks for them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from flows.fitting.machines import Shown
from flows.project.machines import MachineSettings


def in_turn(
    function: Callable[[Any, Any], Any], jobs: Sequence[Any], given: Any, machines: MachineSettings, shown: Shown
) -> Generator[Any, None, None]:
    """Do every job here."""
    from mtl_models.training.progress import progress_bar

    with progress_bar(shown.title, len(jobs), show=len(jobs) > 1) as advance:
        for job in jobs:
            found = function(job, given)
            advance(shown.name(job))
            yield found
