"""Progress of a training run: one line for the whole run with the time left, one for what is being done."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")

SPEED_SECONDS = 300.0


class RunProgress:
    """Counts the steps of a whole run while each part of it shows its own."""

    def __init__(self, display: Progress, run: TaskID) -> None:
        self._display = display
        self._run = run

    @classmethod
    @contextmanager
    def show(cls, console: Console, steps: int, *, done: int = 0) -> Iterator[Self]:
        """Show the progress of a run of so many steps, some of which an earlier, killed run did."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        times = (TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, *times, console=console, speed_estimate_period=SPEED_SECONDS) as display:
            yield cls(display, display.add_task("whole run", total=steps, completed=done))

    def track(self, items: Iterable[Item], count: int, description: str) -> Iterator[Item]:
        """Yield items and count a step of the run for each."""
        task = self._display.add_task(description, total=count)
        for item in items:
            yield item
            self._display.advance(task)
            self._display.advance(self._run)
        self._display.remove_task(task)

    def skip(self, steps: int) -> None:
        """Take steps off the run that will not be needed."""
        task = next(each for each in self._display.tasks if each.id == self._run)
        self._display.update(self._run, total=(task.total or 0.0) - steps)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._display.console.print(text, highlight=False, soft_wrap=True)
