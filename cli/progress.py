"""How far a long command has come, on standard error; nothing where nobody looks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

    from reports.formats import Track
    from store.questions.queries import Result

Item = TypeVar("Item")

SHOWN_EVERY = 1000  # results of a report: a bar that moves with each would take longer than writing them


@contextmanager
def opened_bars(*, wanted: bool = True, redirect_stdout: bool = False) -> "Iterator[Progress | None]":
    """Give bars that count things, their rate and the time left, or None where they are not wanted or not seen.

    Parameters
    ----------
    redirect_stdout : bool
        Lines on standard output go to the same terminal, and have to appear above the bars. (Rich takes them from
        sys.stdout, past which click writes; those for a pipe or a file must not pass through it.)
    """
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    counts = (BarColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    columns = (*counts, TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    with Progress(*columns, console=console, transient=True, redirect_stdout=redirect_stdout) as bars:
        yield bars


def pass_on(
    bars: "Progress | None", items: Iterable[Item], total: int, description: str = "", every: int = 1
) -> Iterator[Item]:
    """Pass items on and count them in a bar of their own, which moves once in ``every`` items."""
    if bars is None:
        yield from items
        return
    task = bars.add_task(description, total=total, rate="")
    for number, item in enumerate(items, start=1):
        if number % every == 0:
            bars.update(task, completed=number, rate=f"{bars.tasks[-1].speed or 0:,.1f}/s")
        yield item


@contextmanager
def showing_progress(output: Path | None) -> "Iterator[Track]":
    """Show a bar while a report is written: first that figures are computed, then how many results have passed.

    Gives what passes results on. There is no bar without a terminal, or where that terminal shows the report itself.
    """
    shows_report = output in {None, Path("-")} and sys.stdout.isatty()
    with opened_bars(wanted=not shows_report) as bars:
        if bars is None:
            yield lambda results, _count: results
            return
        bars.add_task("figures", total=None, rate="")
        yield partial(_count_results, bars)


def _count_results(bars: "Progress", results: "Iterable[Result]", count: Callable[[], int]) -> "Iterator[Result]":
    total = count()
    bars.remove_task(bars.task_ids[0])
    yield from pass_on(bars, results, total, "results", SHOWN_EVERY)
