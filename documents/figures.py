"""How a figure is written for people: the same in every page, table, card and text report."""

from collections.abc import Callable
from dataclasses import dataclass

ABSENT = "–"  # noqa: RUF001  (an en dash, as tables print a figure that cannot be had)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; None where it cannot be had, as the sensitivity for a class without films."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def say_percent(share: float | None) -> str:
    """Write a share in [0, 1] as whole percents; 0 % and 100 % only where it is nothing or all."""
    if share is None:
        return ABSENT
    digits = 1 if 0 < share < 0.005 or 0.995 <= share < 1 else 0
    number = min(100 * share, 99.9) if share < 1 else 100.0
    return f"{max(number, 0.1) if share > 0 else 0.0:.{digits}f} %"


def say_tenths(share: float | None) -> str:
    """Write a share in [0, 1] as percents with one digit."""
    return ABSENT if share is None else f"{100 * share:.1f} %"


def say_points(difference: float) -> str:
    """Write a difference of two shares in percentage points."""
    return f"{100 * difference:+.1f} points"


def say_number(value: float | None, digits: int = 3) -> str:
    """Write a number with fixed digits."""
    return ABSENT if value is None else f"{value:,.{digits}f}"


def say_estimate(estimate: Estimate, say: Callable[[float | None], str] = say_percent) -> str:
    """Write a value with its interval, as in "91 % (87 to 95)"; without the interval where there is none."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None:
        return ABSENT
    if low is None or high is None:
        return say(value)
    return f"{say(value)} ({say(low).removesuffix(' %')} to {say(high).removesuffix(' %')})"


def say_count(number: int, thing: str, does: str = "", do: str = "") -> str:
    """Write a count with its noun, and the verb that goes with it: "1 film", "1,236 films wait"."""
    noun, verb = (thing, does) if number == 1 else (f"{thing}s", do)
    return f"{number:,} {noun} {verb}".rstrip()


def say_duration(seconds: float) -> str:
    """Write a span of time with its two largest units: "0.84 s", "12.3 s", "3 min 4 s", "2 h 5 min", "3 d 4 h"."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    names = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    whole = round(seconds)
    place = next(place for place, (_, size) in enumerate(names) if whole >= size)
    (large, size), (small, part) = names[place : place + 2]
    rest = whole % size // part
    return f"{whole // size} {large}" + (f" {rest} {small}" if rest else "")
