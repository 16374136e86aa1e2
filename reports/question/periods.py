"""What people call a time, to a moment: ``today``, ``2h``, ``2026-11-01`` in the site's time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from reports.errors import PeriodError, TimeZoneError

ACCEPTED = (
    "accepted are now, today, yesterday, last-week, last-month, 90m, 2h, 7d, 2026-11-01 and 2026-11-01T08:30 "
    "(with or without a zone)"
)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
YEARS = range(1970, 9999)  # inside them every zone, both databases and Python agree


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since``, included, to ``until``, excluded; both aware, in the site's time zone."""

    since: datetime
    until: datetime


def find_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; ``local`` is the machine's own.

    Raises
    ------
    TimeZoneError
        The name is not known, or the machine does not say its own.
    """
    try:
        if name != "local":
            return ZoneInfo(name)
        from tzlocal import get_localzone

        return get_localzone()
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        message = f"there is no time zone {name[:40]!r}; expected one such as Europe/Berlin (XRAY_TIME_ZONE)"
        raise TimeZoneError(message) from None


def parse_period(since: str, until: str | None, now: datetime, zone: tzinfo) -> Period:
    """Read both ends of a period; without ``until`` it ends now.

    Raises
    ------
    PeriodError
        One of them cannot be read, or the period ends before or where it begins.
    """
    begin = parse_moment(since, now=now, zone=zone)
    end = now.astimezone(zone) if until is None else parse_moment(until, now=now, zone=zone, end=True)
    length = end.astimezone(UTC) - begin.astimezone(UTC)
    # --until the day before --since is the same midnight
    if length < timedelta(0) or (until not in (None, since) and not length):
        where = "before" if length else "where"
        message = f"the period would end {where} it begins: since {begin.isoformat()}, until {end.isoformat()}"
        raise PeriodError(message)
    return Period(begin, end)


def parse_moment(text: str, *, now: datetime, zone: tzinfo, end: bool = False) -> datetime:
    """Read a time as people write it.

    Parameters
    ----------
    text : str
        ``now``; a span back from now (``90m``, ``2h``, ``7d``: a day is 24 hours); a day (``today``,
        ``yesterday``, ``2026-11-01``, ``20261101``), a week (``last-week``, from Monday, ``2026-W44``) or
        ``last-month``; an ISO 8601 time, in the site's zone where it names none. A local time that the clock shows
        twice in autumn is the first of the two.
    now : datetime
        The current time, aware.
    zone : tzinfo
        The site's time zone.
    end : bool
        The text says where a period ends: a day, week or month is then included, up to the midnight after it.

    Returns
    -------
    datetime
        Aware, in ``zone``. A day begins at its local midnight, whatever daylight saving makes of its length.

    Raises
    ------
    PeriodError
        The text is none of these, or lies outside the years 1970 to 9998.
    """
    wanted = text.strip().lower()
    try:
        moment = _read_span(wanted, now) or _read_day(wanted, now, zone, end=end) or _read_time(wanted, zone)
        found = moment.astimezone(zone)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is no time; {ACCEPTED}"
        raise PeriodError(message) from None
    if found.year not in YEARS:
        message = f"{text[:40]!r} is outside the years {YEARS[0]} to {YEARS[-1]}"
        raise PeriodError(message)
    return found


def _read_span(text: str, now: datetime) -> datetime | None:
    if text == "now":
        return now
    span = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    # in UTC: within a zone Python would count the hours on the clock, not those that passed
    return now.astimezone(UTC) - timedelta(**{UNITS[span[2]]: int(span[1])}) if span else None


def _read_day(text: str, now: datetime, zone: tzinfo, *, end: bool) -> datetime | None:
    today = now.astimezone(zone).date()
    named = _find_days(text, today)
    if named is None:
        # every way to write a date in ISO 8601 without a time; all that has one goes on to the times
        if not re.fullmatch(r"[0-9]{4}-?([0-9]{2}-?[0-9]{2}|w[0-9]{2}(-?[0-9])?)", text):
            return None
        day = date.fromisoformat(text.upper())
        named = day, day + timedelta(days=7 if re.fullmatch(r"[0-9]{4}-?w[0-9]{2}", text) else 1)
    return datetime.combine(named[end], time(), zone)


def _find_days(text: str, today: date) -> tuple[date, date] | None:
    """Return the first day and the one after the last."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    days = {
        "today": (today, today + timedelta(days=1)),
        "yesterday": (today - timedelta(days=1), today),
        "last-week": (monday - timedelta(days=7), monday),
        "last-month": ((first - timedelta(days=1)).replace(day=1), first),
    }
    return days.get(text)


def _read_time(text: str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(text.upper())
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
