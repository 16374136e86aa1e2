"""Figures from the ledger: what arrived and what came of it since the service began, and what waits now."""

import time
from collections import Counter as Counts
from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inference.labels import LABELS, Outcome
from store.database import reading
from store.questions.tallies import (
    PROBABILITY_BOUNDS,
    SECONDS_BOUNDS,
    SETTLED,
    Backlog,
    Distribution,
    Tally,
    read_backlog,
    read_clock,
    tally,
)
from store.states import FINISHED_STATES, ArrivalState

CACHE_SECONDS = 5.0  # the ledger is asked no more often than this, however many ask us
# there from the start: a rate cannot be told from a series that begins with its first file
RESULTS: tuple[tuple[str, str], ...] = (
    *((Outcome.PREDICTED.value, label.value) for label in LABELS),
    *((outcome.value, "") for outcome in (Outcome.INDETERMINATE, Outcome.REJECTED)),
    *((state.value, "") for state in FINISHED_STATES if state is not ArrivalState.DONE),
)


class LedgerMetrics(Collector):
    """What arrived, what came of it since the service began, and what waits: from the ledger.

    Parameters
    ----------
    engine : Engine
        Asked when somebody asks us, in that thread; while it does not answer the last figures stay.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._next = 0.0
        self._answers = False
        self._counted_until: datetime | None = None
        self._arrived = 0
        self._results = Counts(dict.fromkeys(RESULTS, 0))
        self._reasons: Counts[tuple[str, str]] = Counts()
        self._seconds = _nothing(SECONDS_BOUNDS)
        self._probabilities = {label: _nothing(PROBABILITY_BOUNDS) for label in LABELS}
        self._backlog: Backlog | None = None
        self._refresh()

    def collect(self) -> Iterator[Metric]:
        """Give the figures, at most five seconds old."""
        with self._lock:
            if time.monotonic() >= self._next:
                self._refresh()
            families = [*self._describe_finished(), *self._describe_backlog()]
        yield from families

    def _refresh(self) -> None:
        try:
            with reading(self._engine) as connection:
                now = read_clock(connection)
                since, until = self._counted_until or now, now - SETTLED
                if since < until:
                    self._add(tally(connection, since, until))
                self._counted_until = max(since, until)
                self._backlog = read_backlog(connection)
        except SQLAlchemyError:
            self._answers = False
        else:
            self._answers = True
        self._next = time.monotonic() + CACHE_SECONDS

    def _add(self, found: Tally) -> None:
        self._arrived += found.arrived
        for group in found.finished:
            outcome = group.outcome or group.state
            self._results[outcome, group.label or ""] += group.count
            if group.reason_code:
                self._reasons[outcome, group.reason_code] += group.count
        self._seconds += found.seconds
        for label, distribution in found.probabilities.items():
            self._probabilities[label] += distribution

    def _describe_finished(self) -> Iterator[Metric]:
        yield CounterMetricFamily("xray_arrivals", "Files that were committed to the ledger", self._arrived)
        results = CounterMetricFamily("xray_results", "Files by what became of them", labels=["outcome", "label"])
        for key, count in self._results.items():
            results.add_metric(key, count)
        yield results
        reasons = CounterMetricFamily("xray_reasons", "Reason codes of results", labels=["outcome", "reason"])
        for key, count in self._reasons.items():
            reasons.add_metric(key, count)
        yield reasons
        waited = HistogramMetricFamily("xray_result_seconds", "Time from a file's arrival in the ledger to its result")
        waited.add_metric([], *_as_buckets(self._seconds, SECONDS_BOUNDS))
        yield waited
        scores = HistogramMetricFamily("xray_probability", "Calibrated probabilities that films got", labels=["label"])
        for label, distribution in self._probabilities.items():
            scores.add_metric([label], *_as_buckets(distribution, PROBABILITY_BOUNDS))
        yield scores

    def _describe_backlog(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("xray_ledger_answers", "1 while the database answers, else 0", float(self._answers))
        if self._backlog is None:
            return
        pending = GaugeMetricFamily("xray_pending_files", "Files without a result, by state", labels=["state"])
        for state, count in self._backlog.states.items():
            pending.add_metric([state], count)
        yield pending
        oldest = self._backlog.oldest_seconds
        yield GaugeMetricFamily("xray_oldest_pending_seconds", "For how long the oldest of them has waited", oldest)
        if self._backlog.last_finished_at is not None:
            last = self._backlog.last_finished_at.timestamp()
            yield GaugeMetricFamily("xray_last_result_timestamp_seconds", "When the newest result was recorded", last)


def _nothing(bounds: Sequence[float]) -> Distribution:
    return Distribution((0,) * len(bounds), 0, 0.0)


def _as_buckets(found: Distribution, bounds: Sequence[float]) -> tuple[list[tuple[str, float]], float]:
    buckets = [(str(bound), float(count)) for bound, count in zip(bounds, found.at_most, strict=True)]
    return [*buckets, ("+Inf", float(found.count))], found.total
