"""The flows of every study for a work pool: `python -m flows.schedule.pool` writes prefect.yaml from params.yaml.

``prefect deploy --all`` reads that file. The pool's workers run inside a checkout of this repository with the project
installed, and MTL_HEALTH_ROOT naming that checkout.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from flows.project.errors import sentence_of
from flows.project.paths import project_root, write_text
from flows.schedule.alerts import TAG
from flows.schedule.deployments import FLOWS, read_schedules
from mtl_models.wording import SettingsError

FILE = "prefect.yaml"
POOL = "mtl-health"
_HEAD = "# Written by `python -m flows.schedule.pool` from params.yaml: write it again after a change there.\n"


def pool_deployments(root: Path, pool: str) -> dict[str, Any]:
    """The content of prefect.yaml: the flows of every study, on the schedules of params.yaml.

    Raises:
        SettingsError: for every fault of any study: in a pool nobody would read of it.
    """
    schedules, faults = read_schedules(root)
    if faults:
        raise SettingsError(faults)
    return {
        "name": "mtl-health",
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": "{{ $MTL_HEALTH_ROOT }}"}}],
        "deployments": [
            {
                "name": f"{flow}-{study}",
                "entrypoint": f"flows/nightly/{flow}.py:{flow}",
                "parameters": {"study": study},
                "schedules": [{"cron": getattr(schedule, flow), "timezone": schedule.timezone}],
                "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
                "work_pool": {"name": pool},
                "tags": [TAG, study],
            }
            for study, schedule in schedules.items()
            for flow in FLOWS
        ],
    }


def main() -> None:
    """Write prefect.yaml; an error is one sentence and status 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", default=POOL, help="the work pool that the deployments are for")
    try:
        root = project_root()
        content = pool_deployments(root, parser.parse_args().pool)
        write_text(root / FILE, _HEAD + yaml.safe_dump(content, sort_keys=False, width=120))
    except (ValueError, OSError) as error:
        sys.exit(f"error: {sentence_of(error)}")
    print(f"{FILE}: {len(content['deployments'])} deployments; now `prefect deploy --all`")


if __name__ == "__main__":
    main()
