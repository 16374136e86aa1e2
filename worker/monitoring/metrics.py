"""The figures that Prometheus reads, and where each comes from: docs/metrics.md lists them.

What arrived and what came of it is read from the ledger while a page is asked for; how long the steps took the
screening processes report (``worker.screening.stages``). Labels are states, outcomes, codes and names of this program:
never a file, a patient or a station.
"""

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inference.bundle import Bundle
from inference.labels import LABELS, Outcome
from inference.serving.report import EngineState
from installation.disk import measure_disk
from installation.home import Home
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
from worker.engines.board import WorkerEngines, read_boards
from worker.health.heartbeat import ServiceState, judge_health, read_heartbeat
from worker.processes import KeptProcess
from worker.screening.stages import AttemptReport

STAGE_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CACHE_SECONDS = 5.0  # the ledger is asked no more often than this, however many ask us
# there from the start: a series that begins with its first file gives no rate
RESULTS: tuple[tuple[str, str], ...] = (
    *((Outcome.PREDICTED.value, label.value) for label in LABELS),
    *((outcome.value, "") for outcome in (Outcome.INDETERMINATE, Outcome.REJECTED)),
    *((state.value, "") for state in FINISHED_STATES if state is not ArrivalState.DONE),
)


class WorkMetrics:
    """What screening processes report: how long each step took, and what failed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stages = Histogram(
            "xray_stage_seconds",
            "Time that one film spent in a stage",
            ["stage"],
            buckets=STAGE_BOUNDS,
            registry=registry,
        )
        self._retries = Counter(
            "xray_retries", "Attempts that failed and are made again", ["kind", "reason"], registry=registry
        )
        self._deaths = Counter(
            "xray_reader_deaths", "Screening processes that a file ended", ["reason"], registry=registry
        )

    def count(self, note: AttemptReport) -> None:
        """Count what one note says."""
        for stage, seconds in note.stages.items():
            self._stages.labels(stage).observe(seconds)
        if note.retry:
            self._retries.labels(*note.retry).inc()
        if note.death:
            self._deaths.labels(note.death).inc()


class ServiceMetrics(Collector):
    """How the service is, and what it stands on."""

    def __init__(self, home: Home, min_free_bytes: int | None) -> None:
        self._home = home
        self._min_free_bytes = min_free_bytes

    def collect(self) -> Iterator[Metric]:
        """Look at heartbeat and disk now."""
        state, _ = judge_health(self._home)
        states = GaugeMetricFamily("xray_service_state", "1 for the state that the service is in", labels=["state"])
        for possible in ServiceState:
            states.add_metric([possible], float(possible is state))
        yield states
        beat = read_heartbeat(self._home)
        if beat is not None:
            age = max(0.0, beat.age_seconds)
            yield GaugeMetricFamily("xray_heartbeat_age_seconds", "How long ago the service last said how it is", age)
        disk = measure_disk(self._home.root, self._min_free_bytes)
        yield GaugeMetricFamily("xray_disk_free_bytes", "Room on the home's disk", disk.free_bytes)
        yield GaugeMetricFamily("xray_disk_min_free_bytes", "Work pauses below this room", disk.min_free_bytes)


class ProcessMetrics(Collector):
    """What becomes of the processes that are kept alive here."""

    def __init__(self, processes: Sequence[KeptProcess]) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        """Count how often each has ended."""
        ends = CounterMetricFamily(
            "xray_process_ends", "Processes that ended and were started again", labels=["process"]
        )
        for process in self._processes:
            ends.add_metric([process.name], process.ends)
        yield ends


class EngineMetrics(Collector):
    """The engine processes, where there are any; those of several workers are taken together.

    Parameters
    ----------
    is_ours : Callable
        Whether this page shows a worker's engines: each stands on one page only, so that pages can be summed.
    """

    def __init__(self, home: Home, is_ours: Callable[[WorkerEngines], bool]) -> None:
        self._home = home
        self._is_ours = is_ours

    def collect(self) -> Iterator[Metric]:
        """Read what the workers say of their engines."""
        ready = GaugeMetricFamily("xray_engines_ready", "Engine processes that answer", labels=["device"])
        films = CounterMetricFamily("xray_engine_films", "Films that engines have answered", labels=["device"])
        batch = GaugeMetricFamily("xray_engine_batch_films", "Films a batch, on average", labels=["device"])
        restarts = CounterMetricFamily("xray_engine_restarts", "Engines that were started again", labels=["device"])
        ours = filter(self._is_ours, read_boards(self._home))
        engines = [engine for board in ours for engine in board.engines]
        for device in sorted({engine.device for engine in engines}):
            found = [engine for engine in engines if engine.device == device]
            ready.add_metric([device], sum(engine.state is EngineState.READY for engine in found))
            films.add_metric([device], sum(engine.films for engine in found))
            batch.add_metric([device], max(engine.mean_batch for engine in found))
            restarts.add_metric([device], sum(engine.restarts for engine in found))
        yield from (ready, films, batch, restarts)


def describe_worker(registry: CollectorRegistry, bundle: Bundle, processes: int) -> None:
    """Say which model serves, and on what."""
    model = Info("xray_model", "The model that serves", registry=registry)
    model.info({"model_version": bundle.model_version, "model_sha256": bundle.model_sha256})
    Gauge("xray_screening_processes", "Processes that screen", registry=registry).set(processes)


class LedgerMetrics(Collector):
    """What arrived, what came of it since the service began, and what waits: from the ledger.

    Parameters
    ----------
    engine : Engine
        Asked when somebody asks us, in that thread; while it does not answer the last figures stay.
    longest_wait_minutes : float or None
        What the site promises.
    """

    def __init__(self, engine: Engine, longest_wait_minutes: float | None = None) -> None:
        self._engine = engine
        self._longest_wait = None if longest_wait_minutes is None else 60 * longest_wait_minutes
        self._late = 0
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
                    self._add(tally(connection, since, until, self._longest_wait))
                self._counted_until = max(since, until)
                self._backlog = read_backlog(connection)
        except SQLAlchemyError:
            self._answers = False
        else:
            self._answers = True
        self._next = time.monotonic() + CACHE_SECONDS

    def _add(self, found: Tally) -> None:
        self._arrived += found.arrived
        self._late += found.late
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
        if self._longest_wait is not None:
            yield GaugeMetricFamily("xray_longest_wait_seconds", "A result is promised within this", self._longest_wait)
            yield CounterMetricFamily("xray_late_results", "Files whose result came later than promised", self._late)
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
        waiting, refused = self._backlog.deliveries, self._backlog.refused_deliveries
        yield GaugeMetricFamily("xray_waiting_deliveries", "Answers that their target has not taken yet", waiting)
        yield GaugeMetricFamily("xray_refused_deliveries", "Those of them that were tried in vain", refused)
        since = self._backlog.oldest_delivery_seconds
        yield GaugeMetricFamily("xray_oldest_delivery_seconds", "For how long the oldest of them has waited", since)
        if self._backlog.last_finished_at is not None:
            last = self._backlog.last_finished_at.timestamp()
            yield GaugeMetricFamily("xray_last_result_timestamp_seconds", "When the newest result was recorded", last)


def _nothing(bounds: Sequence[float]) -> Distribution:
    return Distribution((0,) * len(bounds), 0, 0.0)


def _as_buckets(found: Distribution, bounds: Sequence[float]) -> tuple[list[tuple[str, float]], float]:
    buckets = [(str(bound), float(count)) for bound, count in zip(bounds, found.at_most, strict=True)]
    return [*buckets, ("+Inf", float(found.count))], found.total
