"""Ratios of what was measured side by side, and what may be said of them on a machine that others use too."""

import os
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from documents.figures import say_number, say_percent

WIDEST_SPREAD = 0.15  # of the median
MOST_TAKEN_BY_OTHERS = 0.1  # of the cores, while the whole product runs
CLOCK = Path("/proc/stat")
IDLE = (3, 4)  # places of idle and of waiting for the disk (proc(5)); what a hypervisor took counts as work of others


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of a ratio over all rounds, and its least and greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def over(cls, values: Iterable[float]) -> "Ratio":
        """Take the ratio of each round."""
        taken = sorted(values)
        return cls(statistics.median(taken), taken[0], taken[-1])

    def judge(self, goal: float, taken_by_others: float = 0.0) -> str:
        """Say whether a goal is reached, or that nothing can be said.

        Parameters
        ----------
        goal : float
            What the ratio is to reach.
        taken_by_others : float
            Share of the cores that were not ours to take, where that changes the ratio.
        """
        if taken_by_others > MOST_TAKEN_BY_OTHERS:
            return f"cannot say: others took {say_percent(taken_by_others)} of the cores"
        differ = self.least < goal <= self.greatest
        if differ and self.greatest - self.least > WIDEST_SPREAD * self.median:
            return "cannot say: the rounds differ too much"
        return "reached" if self.median >= goal else "missed"

    def say(self, digits: int = 1, scale: float = 1.0) -> str:
        """Say the median, and in brackets the least and the greatest."""
        numbers = [say_number(scale * value, digits) for value in (self.median, self.least, self.greatest)]
        return f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


def count_busy_seconds() -> float:
    """Return the CPU seconds that anybody has taken of the cores that are ours to use, since the machine started."""
    ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    ticks = 0
    for line in CLOCK.read_text().splitlines():
        name, *times = line.split()
        if name in ours:
            ticks += sum(int(time) for place, time in enumerate(times[:8]) if place not in IDLE)
    return ticks / os.sysconf("SC_CLK_TCK")
