"""What the product promises, in a line each, and the notebook in which a self-test writes what became of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PROMISES = {
    "P1": "every file ends in one row, and none is lost",
    "P2": "no file has two results",
    "P3": "a damaged or half-written file has no result",
    "P4": "a bad file ends within 30 s, with its reason",
    "P5": "killed processes change no result",
    "P6": "work goes on within 30 s of a kill",
    "P7": "what came while the watcher slept is found within 60 s",
    "P8": "what lay there before the start is found",
    "P9": "a broker that is killed or emptied costs no file",
    "P10": "without database or disk work waits, and goes on by itself within 30 s",
    "P11": "a file that ends its reader has three tries, and harms no other",
    "P12": "no patient data in logs, broker and names on disk",
    "P13": "nothing is written outside the folders, and no file is deleted",
    "P16": "a damaged model is refused, and each result names its model",
}
MOST_FAULTS = 20  # a promise that is broken is so after a few; a ledger in ruins has thousands


class State(StrEnum):
    """What became of a promise."""

    HELD = "held"
    BROKEN = "BROKEN"
    NOT_CHECKED = "not checked"


@dataclass(slots=True)
class Finding:
    """What was seen of one promise.

    Attributes
    ----------
    figures : dict of str to float
        Numbers by the words that stand after them.
    faults : list of str
        What contradicts it.
    unchecked : list of str
        What of it could not be looked at here, and why.
    """

    promise: str
    figures: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    checked: bool = False

    @property
    def state(self) -> State:
        """Broken by one fault; held only where it was looked at."""
        if self.faults:
            return State.BROKEN
        return State.HELD if self.checked else State.NOT_CHECKED

    def describe(self) -> str:
        """Return the figures as one line."""
        return ", ".join(f"{_as_text(value)} {words}" for words, value in self.figures.items())

    def as_json(self) -> dict[str, Any]:
        """Return what machines read."""
        return {
            "id": self.promise,
            "promise": PROMISES[self.promise],
            "state": self.state.name.lower(),
            "figures": {words: round(value, 3) for words, value in self.figures.items()},
            "faults": self.faults[:MOST_FAULTS],
            "not_checked": self.unchecked,
        }


class Notebook:
    """Collects what is seen, from one trial after another."""

    def __init__(self) -> None:
        self.findings = {promise: Finding(promise) for promise in PROMISES}
        self.speed: dict[str, float] = {}

    def check(self, promise: str, holds: bool, fault: str) -> None:
        """Note that a promise was looked at, and the fault where it does not hold."""
        found = self.findings[promise]
        found.checked = True
        if not holds:
            found.faults.append(fault)

    def add(self, promise: str, words: str, count: float) -> None:
        """Add to a sum, such as ``files`` or ``kills``."""
        figures = self.findings[promise].figures
        figures[words] = figures.get(words, 0) + count

    def keep_longest(self, promise: str, words: str, seconds: float, limit: float) -> None:
        """Keep the longest of several times, and hold each against its limit."""
        figures = self.findings[promise].figures
        figures[words] = max(figures.get(words, 0.0), seconds)
        self.check(promise, seconds <= limit, f"{seconds:.1f} {words}, where {limit:.0f} s are promised")

    def leave_out(self, promise: str, what: str) -> None:
        """Note what could not be looked at, and why."""
        self.findings[promise].unchecked.append(what)

    def count(self, state: State) -> int:
        """Count the promises in a state."""
        return sum(found.state is state for found in self.findings.values())

    def count_held_in_part(self) -> int:
        """Count the promises that held as far as they were looked at, and were not in every part."""
        return sum(found.state is State.HELD and bool(found.unchecked) for found in self.findings.values())


def _as_text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}"
