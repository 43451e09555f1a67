"""The command `retrain`: a new model, registered and held against the champion."""

from __future__ import annotations

import typer

from flows.cli.check import checked, say_warnings
from flows.cli.options import Study, paths_of, recorded_by, relative, say_losses, say_next, show

app = typer.Typer()


@app.command()
def retrain(study: Study) -> None:
    """Reproduce the study's model with DVC, register it, and promote it if the gate lets it."""
    paths = paths_of(study)
    report = checked(paths)
    say_warnings(report)
    report.require()  # every fault at once, before a server starts
    from flows.nightly.retrain import retrain as flow

    row = flow(study, checked=True)
    show(
        f"retrained {study}",
        {
            "model": row["model_version"],
            "champion": "yes" if row["promoted"] else "unchanged",
            "gate": row["reason"],
            "people in": row["n_people"],
            "rows in = valid + rejected": f"{row['n_rows']} = {row['n_rows_valid']} + {row['n_rows_rejected']}",
            "seconds": f"{row['seconds']:.1f}",
            "report": relative(paths.reports / "index.html"),
            **recorded_by(),
        },
    )
    say_losses(row["floods"])
    say_next("retrain", f"mtl-health report --study {study}", f"mtl-health score --study {study}")
