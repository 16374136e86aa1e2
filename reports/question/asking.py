"""From the words of the command line to a ``Question``."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from inference.labels import Label
from reports.errors import PeriodError, QuestionError
from reports.question.periods import Period, find_zone, parse_period
from reports.question.question import POSITIVES_SHOWN, Question, find_days_before
from store.identifiers import Protect, build_protection
from store.questions.selection import ALL, Dimension, Filters, Part
from store.states import Priority

Words = Sequence[str] | None
Choice = TypeVar("Choice", bound=StrEnum)
REFERENCE = "28d"
NO_REFERENCE = "none"
PLAIN = build_protection(store_identifiers=True, key=b"")


def ask_question(
    since: str,
    until: str | None,
    time_zone: str,
    *,
    by: str | None = None,
    filters: Filters = ALL,
    reference: str = REFERENCE,
    positives_shown: int = POSITIVES_SHOWN,
) -> Question:
    """Read what the command line asks.

    Parameters
    ----------
    since, until : str
        As ``reports.question.periods.parse_moment`` reads them; ``until`` None is now.
    time_zone : str
        The site's, by its IANA name, or ``local``.
    by : str or None
        One of ``Dimension``.
    reference : str
        What the period is compared with: ``28d`` before it, two times with ``/`` between, or ``none``.

    Raises
    ------
    PeriodError, TimeZoneError, QuestionError
        What is asked for does not exist.
    """
    now, zone = datetime.now(tz=UTC), find_zone(time_zone)
    period = parse_period(since, until, now, zone)
    return Question(
        period=period,
        filters=filters,
        by=None if by is None else _choose(Dimension, by, "group"),
        reference=_parse_reference(reference, period, now, zone),
        positives_shown=positives_shown,
    )


def ask_day(day: str, time_zone: str) -> Question:
    """Read which day a daily report is of.

    Raises
    ------
    PeriodError, TimeZoneError
        It is not one whole day that is over: the report of a day is sent once, so that it must not be of a part.
    """
    question = ask_question(day, day, time_zone)
    since, until = question.period.since, question.period.until
    is_one_day = (since.time(), until.time(), until.date() - since.date()) == (time(), time(), timedelta(days=1))
    if not is_one_day or until > datetime.now(tz=UTC):
        message = f"--day {day[:40]!r} is not one whole day that is over; accepted are yesterday and 2026-11-01"
        raise PeriodError(message)
    return question


def parse_filters(
    *,
    labels: Words = None,
    outcomes: Words = None,
    reasons: Words = None,
    models: Words = None,
    inboxes: Sequence[str | Path] | None = None,
    modalities: Words = None,
    minimums: Words = None,
    priorities: Words = None,
    stations: Words = None,
    files: Words = None,
    accessions: Words = None,
    patients: Words = None,
    uids: Words = None,
    protect: Protect = PLAIN,
) -> Filters:
    """Read filters, None for none; reasons and models may be any, since the ledger remembers those of earlier versions.

    Parameters
    ----------
    minimums : sequence of str
        ``covid19=0.8``, or ``0.8`` for the most probable label.
    accessions, patients : sequence of str
        As the header says them.
    protect : Callable
        What those two pass through, as they do on their way into the ledger (``Installation.protect``).

    Raises
    ------
    QuestionError
        There is no such label, outcome or priority, or no such probability.
    """
    return Filters(
        labels=tuple(_choose(Label, text, "label") for text in labels or ()),
        parts=tuple(_choose(Part, text, "outcome") for text in outcomes or ()),
        reasons=tuple(reasons or ()),
        models=tuple(models or ()),
        inboxes=tuple(Path(inbox).resolve() for inbox in inboxes or ()),
        modalities=tuple(text.upper() for text in modalities or ()),
        minimums=tuple(map(_parse_minimum, minimums or ())),
        priorities=tuple(_choose(Priority, text, "priority") for text in priorities or ()),
        stations=tuple(stations or ()),
        files=tuple(files or ()),
        accessions=tuple(filter(None, map(protect, accessions or ()))),
        patients=tuple(filter(None, map(protect, patients or ()))),
        uids=tuple(uid.strip() for uid in uids or ()),
    )


def _choose(kind: type[Choice], text: str, what: str) -> Choice:
    try:
        return kind(text.strip().lower())
    except ValueError:
        raise QuestionError(f"there is no {what} {text[:40]!r}; accepted are {', '.join(kind)}") from None


def _parse_minimum(text: str) -> tuple[Label | None, float]:
    name, equals, number = text.rpartition("=")
    label = _choose(Label, name, "label") if equals else None
    try:
        least = float(number)
    except ValueError:
        least = -1.0
    if not 0 <= least <= 1:
        raise QuestionError(f"{text[:40]!r} is no probability; accepted are 0.8 and covid19=0.8, from 0 to 1")
    return label, least


def _parse_reference(text: str, period: Period, now: datetime, zone: tzinfo) -> Period | None:
    wanted = text.strip().lower()
    if wanted == NO_REFERENCE:
        return None
    if days := re.fullmatch(r"([1-9][0-9]{0,3})d", wanted):
        return find_days_before(period, int(days[1]))
    since, slash, until = wanted.partition("/")
    if not slash:
        raise QuestionError(f"{text[:40]!r} is no reference; accepted are 28d, 2026-09-01/2026-09-30 and none")
    return parse_period(since, until, now, zone)
