"""Stage: vary one thing step by step and measure what sharing is worth at each, on one sweep of sweeps/params.yaml."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from flows.experiments.sweeps.fits import train_missing
from flows.experiments.sweeps.measure import measure
from flows.experiments.sweeps.plot import sweep_plot
from flows.experiments.sweeps.points import plan
from flows.experiments.sweeps.settings import SweepSettings, load_sweep
from flows.project.access import apply
from flows.project.errors import is_failure, sentence_of, wants_traceback
from flows.project.paths import project_root, write_json, write_text


def models_of(root: Path, name: str) -> Path:
    """Where the predictions of a sweep's finished points are kept."""
    return root / "models" / "sweeps" / name


def reports_of(root: Path) -> Path:
    """Where figures, plots and the page of all sweeps are."""
    return root / "reports" / "sweeps"


def run(root: Path, name: str, sweep: SweepSettings) -> dict[str, Any]:
    """Fit the points that are not fitted yet, and write the sweep's figures and its plot."""
    points = plan(sweep)
    files = train_missing(sweep, points, models_of(root, name), root, title=name)
    figures = measure(sweep, points, files, root)
    write_json(reports_of(root) / f"{name}.json", figures)
    write_text(reports_of(root) / f"{name}.svg", sweep_plot(name, figures).svg)
    return figures


def main() -> None:
    """Run the sweep that the command line names; an error is one sentence without a value, and status 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sweep", help="name of a sweep in sweeps/params.yaml")
    name = parser.parse_args().sweep
    logging.basicConfig(level=logging.WARNING)
    try:
        root = project_root()
        apply(root)
        run(root, name, load_sweep(root, name))
    except BaseException as error:  # what a stage prints goes through DVC to the terminal
        if not is_failure(error) or wants_traceback():
            raise
        sys.exit("\n".join(f"{name}: {line}" for line in sentence_of(error).splitlines()))


if __name__ == "__main__":
    main()
