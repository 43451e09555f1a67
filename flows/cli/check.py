"""The command `check`: what is wrong with a study, all at once and in seconds, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import any_study, console, say_counts, say_next

if TYPE_CHECKING:
    from flows.check.report import CheckReport
    from flows.features.labels import PartLabels
    from flows.study.study import Study

app = typer.Typer()


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(metavar="STUDY", help="Name of the study.")] = None,
    study: Annotated[str | None, typer.Option("--study", help="The same, as an option.")] = None,
) -> None:
    """Find all faults of a study before it is trained: in params.yaml, raw tables, functions, split, labels, leaks."""
    if (name is None) == (study is None):
        raise typer.BadParameter("name one study: mtl-health check STUDY")
    report = checked(any_study(name or study or ""))
    if report.labels:
        console.print(labels_table(report))
    say_warnings(report)
    say_faults(report)
    if report.faults:
        raise typer.Exit(1)
    say_next("check", f"mtl-health retrain --study {report.study}")


def checked(study: Study) -> CheckReport:
    """The check of a study, its names looked up beside the rest."""
    from flows.study.names import look_up_beside

    names = look_up_beside(study.root, study.name)  # before the imports of the check, which take a second
    from flows.check.study import check_study

    return check_study(study, names)


def say_warnings(report: CheckReport) -> None:
    """Print what may be meant so, a sentence each; before it, where rows or cells are beyond a limit, all counts."""
    if report.losses:
        say_counts(report.study, report.losses)
    say_sentences("warning", "yellow", report.warnings)


def say_faults(report: CheckReport) -> None:
    """Print what must be mended, a sentence each, and how many there are."""
    say_sentences("fault", "red", report.faults)
    n = len(report.faults)
    said = "no fault" if not n else f"{n} fault{'s' if n > 1 else ''} to mend before the study is trained"
    console.print(f"{report.study}: {said}", highlight=False, soft_wrap=True)


def say_sentences(kind: str, colour: str, sentences: list[str]) -> None:
    """Print sentences, a line each behind what they are."""
    for sentence in sentences:
        console.print(Text.assemble((f"{kind}:", colour), " ", sentence), highlight=False, soft_wrap=True)


def labels_table(report: CheckReport) -> Table:
    """People with a label by target column and part; where there are several resamples, the fewest."""
    from flows.features.labels import FINAL

    several = any(each.resample not in (FINAL, "split") for each in report.labels)
    people = f"people with a label{', the fewest of the resamples' if several else ''}"
    title = f"{report.study}: {report.n_people} people in the cohort, {report.n_features} features; {people}"
    table = Table("target", "kind", "train", "valid", "test", title=title, title_justify="left")
    for column in dict.fromkeys(each.column for each in report.labels):
        mine = [each for each in report.labels if each.column == column]
        cells = (
            _cell([each for each in mine if each.part == part], report.min_count) for part in ("train", "valid", "test")
        )
        table.add_row(column, mine[0].task.kind, *cells)
    return table


def _cell(parts: list[PartLabels], min_count: int) -> str:
    """Labels of a part, and the people of the rarest class."""
    if not parts:
        return "–"
    least, rarest = min(each.n for each in parts), min(each.rarest for each in parts)
    shown = str(rarest) if rarest >= min_count else f"under {min_count}"
    return f"{least}, rarest class {shown}" if parts[0].classes else str(least)
