"""The command `new`: a study written from its tables, and what a person must judge of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.check import labels_table, say_faults, say_warnings
from flows.cli.options import any_study, console, relative, say_next

if TYPE_CHECKING:
    from flows.new.plan import Plan

app = typer.Typer()


MEND = (
    "the study stands there as written. Mend it there; or run the same command with --replace and more options, such "
    "as --leak COLUMN:OUTCOME for a column that gives an outcome away"
)
Study = Annotated[str, typer.Argument(metavar="STUDY", help="Its name: lower-case letters, digits and single _.")]
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILES...", help="Its tables, one row per person: .csv, .parquet, .dta, .sav, .sas7bdat or .xpt."
    ),
]
Key = Annotated[str, typer.Option("--key", help="The column that says who a person is, the same in all tables.")]
Targets = Annotated[
    list[str],
    typer.Option(
        "--target",
        metavar="NAME=COLUMN[:KIND]",
        help="An outcome, for example sbp=sysBP:regression. Repeat the option for more. KIND is regression, binary "
        "(binary=2 if 2 means yes), multiclass, ordinal or multilabel (any=A+B+C:multilabel). Guessed if left out.",
    ),
]
Leaks = Annotated[
    list[str],
    typer.Option(
        "--leak",
        metavar="COLUMN[:OUTCOME]",
        help="A column that gives outcomes away, or only OUTCOME: no feature is made of it. Repeat it for more.",
    ),
]
Keep = Annotated[
    list[str],
    typer.Option(
        "--keep",
        metavar="COLUMN",
        help="A column to keep, with all its words, although it looks like an identifier, text or a constant.",
    ),
]
Group = Annotated[
    str, typer.Option("--group", metavar="COLUMN", help="Keep people with the same value in one part of the split.")
]
Title = Annotated[str, typer.Option("--title", help="What the study is called on its page.")]
Replace = Annotated[bool, typer.Option("--replace", help="Write the study again, if nobody changed what was written.")]


@app.command()
def new(
    study: Study,
    files: Files,
    key: Key,
    target: Targets,
    leak: Leaks = [],  # noqa: B006
    keep: Keep = [],  # noqa: B006
    group: Group = "",
    title: Title = "",
    replace: Replace = False,
) -> None:
    """Write a study from your tables: contract, features, split, params.yaml and dictionary. Every guess is marked."""
    root = any_study(study).root
    from flows.new.plan import Request
    from flows.new.study import new_study

    request = Request(
        study=study,
        files=tuple(files),
        key=key,
        targets=tuple(target),
        leaks=tuple(leak),
        keep=tuple(keep),
        group=group,
        title=title,
    )
    plan, written, report = new_study(root, request, replace=replace)
    _say_written(plan, written, root)
    _say_judgements(plan)
    console.print()
    console.print(labels_table(report))
    say_warnings(report)
    say_faults(report)
    if report.faults:
        console.print(MEND, soft_wrap=True)
        raise typer.Exit(1)
    say_next("new", f"mtl-health check {study}", f"mtl-health nightly --study {study}")


def _say_written(plan: Plan, written: list[Path], root: Path) -> None:
    from flows.new.split import count_parts

    n_columns = sum(len(table.columns) for table in plan.tables)
    tables = f"{len(plan.tables)} table{'s' if len(plan.tables) > 1 else ''}"
    console.print(f"{plan.study}: {tables}, {plan.n_people} people, {n_columns} columns declared; written:")
    for path in written:
        console.print(f"  {relative(path)}", soft_wrap=True)
    parts = count_parts(root / "data" / "raw" / plan.study)
    said = ", ".join(f"{part} {count}" for part, count in parts.items())
    whole = f", people of one {plan.group.column} together" if plan.group else ""
    console.print(f"split at random, alike in the outcomes{whole}: {said}", soft_wrap=True)


def _say_judgements(plan: Plan) -> None:
    from flows.new.column import THEMES
    from schemas.reading.names import shown

    console.print("\njudge these: all were guessed from the cells, and the contract marks each guess", soft_wrap=True)
    console.print("  every range: what was seen with a margin; it should be what is possible", soft_wrap=True)
    several = len(plan.tables) > 1
    for theme, headline in THEMES.items():
        found = [(table, each) for table, each in plan.judgements() if each.theme == theme]
        if not found:
            continue
        by_words: dict[str, list[str]] = {}
        for table, each in found:
            by_words.setdefault(each.words, []).append(
                f"{table}.{shown(each.column)}" if several else shown(each.column)
            )
        console.print(f"  {headline}:", soft_wrap=True)
        for words, columns in by_words.items():
            console.print(f"    {', '.join(columns)}{f': {words}' if words else ''}", soft_wrap=True)
    if any(table.left for table in plan.tables):
        console.print(
            "  a night's table must come without what is left out. To keep a column, run the same command with "
            "--replace --keep COLUMN",
            soft_wrap=True,
        )
