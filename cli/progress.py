"""How far a long report has come, on standard error; nothing where nobody looks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from reports.formats import Track
    from store.questions.queries import Result

SHOWN_EVERY = 1000  # results: a bar that is told of each would take longer than writing them


@contextmanager
def showing_progress(output: Path | None) -> "Iterator[Track]":
    """Show a bar while a report is written: first that figures are computed, then how many results have passed.

    Gives what passes results on. There is no bar without a terminal, or where that terminal shows the report itself.
    """
    if not sys.stderr.isatty() or (output in {None, Path("-")} and sys.stdout.isatty()):
        yield lambda results, _count: results
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    told = TextColumn("{task.description}")
    columns = (BarColumn(), told, MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        progress.add_task("figures", total=None, rate="")
        yield partial(_pass_on, progress)


def _pass_on(progress: "Progress", results: "Iterable[Result]", count: Callable[[], int]) -> "Iterator[Result]":
    (figures,) = progress.task_ids
    total = count()
    progress.remove_task(figures)
    task = progress.add_task("results", total=total, rate="")
    for number, result in enumerate(results, start=1):
        yield result
        if number % SHOWN_EVERY == 0:
            progress.update(task, completed=number, rate=f"{progress.tasks[0].speed or 0:,.0f}/s")
