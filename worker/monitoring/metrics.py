"""The figures that Prometheus reads, and where each comes from: docs/metrics.md lists them.

What arrived and what came of it is read from the ledger while a page is asked for
(``worker.monitoring.ledger_metrics``); how long the steps took is told by the screening processes
(``worker.screening.stages``). Labels are states, outcomes, codes and names of this program: never a file, a patient or
a station.
"""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from inference.bundle import Bundle
from inference.serving.report import EngineState
from installation.home import Home
from worker.engines.board import Notice, read_notices
from worker.health.disk import measure_disk
from worker.health.heartbeat import ServiceState, judge_health, read_heartbeat
from worker.processes import KeptProcess
from worker.screening.stages import Note

STAGE_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


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

    def count(self, note: Note) -> None:
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
    tells_of : Callable
        Says of which workers' engines this page tells: each stands on one page only, so that pages can be summed.
    """

    def __init__(self, home: Home, tells_of: Callable[[Notice], bool]) -> None:
        self._home = home
        self._tells_of = tells_of

    def collect(self) -> Iterator[Metric]:
        """Read what the workers say of their engines."""
        ready = GaugeMetricFamily("xray_engines_ready", "Engine processes that answer", labels=["device"])
        films = CounterMetricFamily("xray_engine_films", "Films that engines have answered", labels=["device"])
        batch = GaugeMetricFamily("xray_engine_batch_films", "Films a batch, on average", labels=["device"])
        restarts = CounterMetricFamily("xray_engine_restarts", "Engines that were started again", labels=["device"])
        ours = filter(self._tells_of, read_notices(self._home))
        engines = [engine for notice in ours for engine in notice.engines]
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
