"""How far a long report has come, on standard error; nothing where nobody looks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.queries import Result

SHOWN_EVERY = 1000  # results: a bar that is told of each would take longer than writing them


def track_results(output: Path | None) -> "Callable[[Iterable[Result], Callable[[], int]], Iterable[Result]]":
    """Return what passes results on and shows a bar with their rate and the time left.

    There is none without a terminal, or where that terminal shows the report itself.
    """
    if sys.stderr.isatty() and not (output in {None, Path("-")} and sys.stdout.isatty()):
        return _show_bar
    return lambda results, _count: results


def _show_bar(results: "Iterable[Result]", count: Callable[[], int]) -> "Iterator[Result]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=count(), rate="")
        for number, result in enumerate(results, start=1):
            yield result
            if number % SHOWN_EVERY == 0:
                progress.update(task, completed=number, rate=f"{progress.tasks[0].speed or 0:,.0f}/s")
