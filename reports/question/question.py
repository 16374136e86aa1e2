"""What a report is asked: which period, which arrivals of it, how they are grouped, what they are compared with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reports.question.periods import Period
from store.questions.selection import ALL, Dimension, Filters, Selection

POSITIVES_SHOWN = 20
MAY_IDENTIFY = ("files", "accessions", "patients", "uids")
NOT_SAID = "one that is not named here"
TWO_DAYS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes
    ----------
    by : Dimension or None
        What the arrivals are grouped by.
    reference : Period or None
        What the period is compared with for drift; None leaves it out.
    positives_shown : int
        As many likely positives are listed at most.
    longest_wait_minutes : float or None
        What the site promises: a result within so long. None promises nothing.
    """

    period: Period
    filters: Filters = ALL
    by: Dimension | None = None
    reference: Period | None = None
    positives_shown: int = POSITIVES_SHOWN
    longest_wait_minutes: float | None = None

    @property
    def selection(self) -> Selection:
        """The arrivals that are asked about."""
        return Selection(self.period.since, self.period.until, self.filters)

    def over_time(self) -> "Question":
        """Return the question, grouped by hour or, of more than two days, by day where it names no grouping."""
        if self.by is not None:
            return self
        return replace(self, by=Dimension.DAY if self.period.until - self.period.since > TWO_DAYS else Dimension.HOUR)

    def hide_patients(self) -> "Question":
        """Return the question without what may identify a patient, for what leaves the house; it is still asked."""
        named: dict[str, Any] = {name: (NOT_SAID,) for name in MAY_IDENTIFY if getattr(self.filters, name)}
        return replace(self, filters=replace(self.filters, **named))

    @property
    def zone_name(self) -> str:
        """The site's time zone as people write it."""
        zone = self.period.since.tzinfo
        return getattr(zone, "key", None) or self.period.since.tzname() or "UTC"


def name_filters(filters: Filters) -> Iterator[tuple[str, str]]:
    """Give each filter that leaves something out: what it is about, and what it lets through."""
    named = {
        "label": filters.labels,
        "outcome": filters.parts,
        "reason": filters.reasons,
        "model": filters.models,
        "inbox": filters.inboxes,
        "modality": filters.modalities,
        "priority": filters.priorities,
        "station": filters.stations,
        "file": filters.files,
        "accession number": filters.accessions,
        "patient": filters.patients,
        "UID": filters.uids,
    }
    for name, values in named.items():
        if values:
            yield name, " or ".join(map(str, values))
    for label, least in filters.minimums:
        yield f"probability of {label or 'the likeliest label'}", f"{least:g} or more"


def find_days_before(period: Period, days: int) -> Period:
    """Return the days, of 24 hours each, that end where a period begins."""
    return Period(period.since - timedelta(days=days), period.since)
