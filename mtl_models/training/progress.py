"""A progress bar on standard error, shown on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def progress_bar(title: str, total: int, *, show: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that advances the bar by one and sets the words beside it; silent when there is no terminal."""
    if not show or find_spec("rich") is None:  # rich comes with the extra `pipeline`
        yield lambda note: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(title, total=total, note="")
        yield lambda note: progress.update(bar, advance=1, note=note)
