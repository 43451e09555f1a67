"""The command `replay`: many nights of a study's own people, and a page of how it grew."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.options import StudyName, console, relative, say_next, show, sound_study

app = typer.Typer()

_Nights = Annotated[int | None, typer.Option("--nights", help="So many nights, in place of replay.nights.")]
_Every = Annotated[int | None, typer.Option("--retrain-every", help="In place of replay.retrain_every.")]


@app.command()
def replay(name: StudyName, nights: _Nights = None, retrain_every: _Every = None) -> None:
    """Play many nights with the study's own people, and draw how training data, champion and figures change.

    It works in a copy of the project under data/replay, with the settings of `replay` in params.yaml.
    """
    study = sound_study(name, "parts")
    from flows.nightly.replay.nights import replay_nights
    from flows.nightly.replay.page import PAGE, write_page
    from flows.project.paths import write_json

    given: dict[str, Any] = {"nights": nights, "retrain_every": retrain_every}
    asked = {key: value for key, value in given.items() if value is not None}
    settings = type(study.settings.replay).model_validate({**study.settings.replay.model_dump(), **asked})
    page = study.paths.reports / PAGE

    def say(line: str) -> None:
        console.print(line, soft_wrap=True)

    def keep(found: dict[str, Any]) -> None:
        write_json(page.with_suffix(".json"), found)
        write_page(page, study.settings.title, found)

    found = replay_nights(study, settings, study.paths.replay, say, keep)
    trained, scored = found["trained"], found["scored"]
    first, last = (trained[place]["parts"] for place in (0, -1))
    show(
        f"replayed {settings.nights} nights of {name}",
        {
            "people to learn from": f"{first['train']:,} at first, {last['train']:,} at last",
            "trainings": f"{len(trained)}, promoted {sum(each['promoted'] for each in trained)}",
            "nights that failed": sum(bool(each["error"]) for each in scored),
            "page": relative(page),
        },
    )
    say_next("replay", "open the page")
