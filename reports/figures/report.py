"""A report: all that any format shows about a period of the ledger, computed once.

Nothing here knows a format: ``reports.formats`` lists them, and each draws this one object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reports.figures.agreement import Agreement
from reports.figures.drift import Drift
from reports.figures.summary import Summary
from reports.question.question import Question
from store.questions.queries import Result
from store.questions.selection import Part
from store.states import Priority

__all__ = [
    "Agreement",
    "Group",
    "HeaderGap",
    "HourCount",
    "Latency",
    "ModelSwitch",
    "Quality",
    "ReasonCount",
    "Report",
    "ServedModel",
    "Summary",
]


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often a reason was given in a part, and what an administrator can do about it.

    In the part ``predicted`` a reason is a mark: what speaks against a label that was given.
    """

    part: Part
    reason_code: str
    count: int
    advice: str


@dataclass(frozen=True, slots=True)
class Latency:
    """From an arrival's row (the file is complete) to its result, in seconds, of all that finished but the vanished."""

    files: int
    median_seconds: float
    p95_seconds: float
    max_seconds: float


@dataclass(frozen=True, slots=True)
class HourCount:
    """How much was finished in an hour of the site's clock; hours in which nothing was are left out.

    Attributes
    ----------
    late : int or None
        How many of these had waited for longer than the site promises; None where it promises nothing.
    """

    begins_at: datetime
    finished: int
    late: int | None = None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that answered in the period, and when first and last."""

    model_version: str
    model_sha256: str
    films: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ModelSwitch:
    """A model answered that had not done so in the last quarter of an hour with answers; both by their versions."""

    at: datetime
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Group:
    """The arrivals that have one hour, day, inbox, view, model, station or priority in common.

    ``key`` is a datetime where a day or an hour begins, else text; None where it is not known (a file that could not
    be read has no view).
    """

    key: datetime | str | None
    summary: Summary


@dataclass(frozen=True, slots=True)
class HeaderGap:
    """In how many of the films with a DICOM header an attribute is missing; some are filled in every good header."""

    attribute: str
    missing: int
    headers: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What the headers of the films leave out; PNG and JPEG (``without_header``) have none."""

    films: int
    without_header: int
    gaps: tuple[HeaderGap, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says.

    Attributes
    ----------
    made_at : datetime
        When it was computed, in the site's time zone, as all of its times are.
    oldest_pending_at : datetime or None
        When the longest-waiting arrival of the period was received.
    latency_of : Mapping of Priority to Latency
        The same of the STAT and of the routine ones; what finished nothing is left out.
    hours : tuple of HourCount
        Throughput, in order of time.
    positives : tuple of Result
        Films that were given the label ``covid19``, the highest probability first; the list ends after
        ``question.positives_shown``. A film that came again stands there once, and counts each time in
        ``summary.labels``.
    groups : tuple of Group
        As ``question.by`` asks: in order of time, else the largest first. They add up to ``summary``.
    newest : tuple of Result
        The last arrivals, the newest first.
    refusals, conflicts : tuple of Result
        The files that were refused, by reason; those that came with the SOP Instance UID of another film. Each list
        ends after ``LISTED``.
    agreement : tuple of Agreement
        One for each source of reference labels (RT-PCR, readers) that has any for films of the period.
    drift : Drift or None
        None where no reference was asked for.
    audit_sha256 : str or None
        The hash of the newest audit event when the report was made: kept outside of the database, it shows later
        whether the audit was cut off or written anew.
    """

    question: Question
    made_at: datetime
    summary: Summary
    reasons: tuple[ReasonCount, ...]
    oldest_pending_at: datetime | None
    latency: Latency | None
    hours: tuple[HourCount, ...]
    models: tuple[ServedModel, ...]
    switches: tuple[ModelSwitch, ...]
    positives: tuple[Result, ...]
    groups: tuple[Group, ...]
    quality: Quality
    newest: tuple[Result, ...]
    refusals: tuple[Result, ...] = ()
    conflicts: tuple[Result, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    drift: Drift | None = None
    audit_sha256: str | None = None
    latency_of: Mapping[Priority, Latency] = field(default_factory=dict)

    def hide_patients(self, change: Callable[[Result], Result]) -> "Report":
        """Return the report with each film of its lists changed, and without the names that the question has."""
        agreement = (
            replace(each, missed=each.missed.change_films(change), false_alarms=each.false_alarms.change_films(change))
            for each in self.agreement
        )
        lists = (self.positives, self.newest, self.refusals, self.conflicts)
        positives, newest, refusals, conflicts = (tuple(map(change, films)) for films in lists)
        return replace(
            self,
            question=self.question.hide_patients(),
            positives=positives,
            newest=newest,
            refusals=refusals,
            conflicts=conflicts,
            agreement=tuple(agreement),
        )
