"""A period as a row of hours or days without gaps, so that hours in which nothing came are seen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from reports.question.periods import Period
from store.questions.selection import Dimension

MOST_SLOTS = 10_000
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SIZES = {Dimension.HOUR: (1, 3, 6, 12, 24, 168), Dimension.DAY: (1, 7, 28)}
"""How many slots one column may hold: parts of a day, days, weeks."""


def fill_gaps(period: Period, by: Dimension, known: Sequence[datetime]) -> list[datetime]:
    """Return where each hour or day of a period begins, in order; `known` ones are among them whatever the clock does.

    A period of very many (``--since 1970-01-01``) is shown where something is known, at most the last of it.
    """
    length = HOUR if by is Dimension.HOUR else DAY
    since, until = period.since, period.until
    if (until - since) / length > MOST_SLOTS:
        until = max(known, default=until) + length
        since = max(min(known, default=until), until - MOST_SLOTS * length)
    steps = _step_hours(since, until) if by is Dimension.HOUR else _step_days(since, until)
    found = {moment.timestamp(): moment for moment in (*steps, *known)}
    return [found[stamp] for stamp in sorted(found)][-MOST_SLOTS:]


def name_slots(slots: Sequence[datetime], by: Dimension) -> list[str]:
    """Name hours or days as short as they stay distinct; an hour that the clock shows twice carries its zone."""
    if by is Dimension.DAY:
        return [f"{slot:%Y-%m-%d}" if _spans_years(slots) else f"{slot:%m-%d}" for slot in slots]
    pattern = "%H:%M" if len({slot.date() for slot in slots}) == 1 else "%m-%d %H:%M"
    names = [f"{slot:{pattern}}" for slot in slots]
    often = Counter(names)
    return [f"{name} {slot:%Z}" if often[name] > 1 else name for name, slot in zip(names, slots, strict=True)]


def _spans_years(slots: Sequence[datetime]) -> bool:
    return len({slot.year for slot in slots}) > 1


def _step_hours(since: datetime, until: datetime) -> Iterator[datetime]:
    moment, end = since.replace(minute=0, second=0, microsecond=0).astimezone(UTC), until.astimezone(UTC)
    while moment < end:  # in UTC: the hours that pass, not those on the clock
        yield moment.astimezone(since.tzinfo)
        moment += HOUR


def _step_days(since: datetime, until: datetime) -> Iterator[datetime]:
    day, end = since.date(), until.timestamp()
    while (moment := datetime.combine(day, time(), since.tzinfo)).timestamp() < end:
        yield moment
        day += DAY
