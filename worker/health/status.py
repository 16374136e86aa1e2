"""How the service is, seen from outside of it, and what to do about it: for ``status``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from documents.figures import say_count, say_duration
from documents.text import show_text
from inference.bundle import Bundle, BundleError
from inference.serving.report import EngineState
from installation.disk import DiskSpace, measure_disk
from installation.errors import ActiveModelUnknownError
from installation.installation import Installation
from store.errors import describe_database_error
from store.ledger.deliveries import TargetFacts
from store.states import ArrivalState
from worker.engines.board import EngineFacts, read_engines
from worker.health.heartbeat import Beat, ServiceState, judge_health, read_heartbeat
from worker.health.queue_facts import Queue, read_queue
from worker.queue.broker import ping_broker

MINUTE_SECONDS = 60.0
STUCK_SECONDS = 120.0
DELIVERY_SECONDS = 120.0  # a target that is restarted is back by then
MANY_QUARANTINED, LARGE_SHARE = 10, 0.2  # so many of the last day's files, and so large a part of them, is no chance
READ = ", read to the end: with a label, without one, or rejected"
RUNNING = (ServiceState.STARTING, ServiceState.READY, ServiceState.PAUSED, ServiceState.STALLED, ServiceState.STOPPING)
ADVICE = {
    ServiceState.READY: "the rest goes on",
    ServiceState.PAUSED: "it goes on by itself once that is put right; 'xray-cli doctor' looks closer",
    ServiceState.STALLED: "see the log, and restart the service if it stays so",
}


@dataclass(frozen=True, slots=True)
class Status:
    """The service, what it needs, what is queued, and what is wrong.

    ``queue`` is None while the database is away, and ``database`` says why. ``model_version`` is what serves: in a
    service that runs the model that it began with; None while no model can be loaded. ``next_model_version`` is
    another one that serves from the next start on.
    """

    state: ServiceState
    reasons: Sequence[str]
    disk: DiskSpace
    broker: str
    engines: Sequence[EngineFacts]
    queue: Queue | None
    model_version: str | None
    problems: tuple[str, ...]
    database: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    next_model_version: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what machines read."""
        queue = self.queue or Queue()
        return {
            "service_runs": self.state in RUNNING,
            "service": {"state": self.state, "reasons": list(self.reasons)},
            "beside": dict(self.beside),
            "disk": {"free_bytes": self.disk.free_bytes, "min_free_bytes": self.disk.min_free_bytes},
            "broker": self.broker,
            "engines": [asdict(engine) for engine in self.engines],
            "database_answers": self.queue is not None,
            "pending": {state.value: count for state, count in queue.waiting.items()},
            "pending_stat": queue.pending_stat,
            "cannot_leave_inbox": queue.unsettled,
            "stuck_alerts": queue.stuck_alerts,
            "waiting_deliveries": {target.target: target.waiting for target in queue.targets},
            "oldest_pending_at": queue.oldest_pending_at and queue.oldest_pending_at.isoformat(),
            "last_finished_at": queue.last_finished_at and queue.last_finished_at.isoformat(),
            "last_24_hours": {
                "finished": queue.recently_finished,
                **{state.value: count for state, count in queue.recent.items()},
            },
            "model_version": self.model_version,
            "next_model_version": self.next_model_version or self.model_version,
            "problems": list(self.problems),
        }

    def as_lines(self) -> Iterator[str]:
        """Return what people read, on one screen: what is, then what is wrong and what to do."""
        yield from (f"{name:16} {told}" for name, told in self.list_facts())
        yield from (f"! {problem}" for problem in self.problems)

    def list_facts(self) -> Iterator[tuple[str, str]]:
        """Give what is known, each with its name."""
        yield "service", str(self.state if self.state in RUNNING else "not running")
        yield from self.beside.items()
        yield "disk", self.disk.describe()
        yield "broker", self.broker
        yield from self._list_engines()
        yield from self._list_queue()

    def _list_engines(self) -> Iterator[tuple[str, str]]:
        several = len({engine.host for engine in self.engines}) > 1
        for engine in self.engines:
            yield f"engine {engine.device}", f"{f'{engine.host}: ' if several else ''}{engine.describe()}"
        if not self.engines:
            yield "devices", "cpu: LiteRT in each screening process"

    def _list_queue(self) -> Iterator[tuple[str, str]]:
        if self.queue is None:
            yield "database", self.database.removeprefix("the database ")
            return
        later = f"; {self.next_model_version} from the next start" if self.next_model_version else ""
        yield "model", f"{'serving ' if later else ''}{self.model_version or '-'}{later}"
        yield from ((state.value, str(count)) for state, count in self.queue.waiting.items())
        yield "without result", f"{self.queue.pending}, {self.queue.pending_stat} of them STAT"
        yield "oldest waiting", _ago(self.queue.oldest_pending_at)
        yield "last finished", _ago(self.queue.last_finished_at)
        share = self.queue.recently_quarantined / max(1, self.queue.recently_finished)
        yield "last 24 hours", f"{self.queue.recently_finished} finished, {share:.1%} of them quarantined"
        for state, count in self.queue.recent.items():
            yield f"  {state.value}", f"{count}{READ if state is ArrivalState.DONE else ''}"
        for target in self.queue.targets:
            yield f"to {target.target}", say_count(target.waiting, "answer", "waits", "wait")


def read_status(installation: Installation) -> Status:
    """Look at the heartbeat, the disk, the broker, the ledger and the model."""
    settings, home = installation.settings, installation.home
    state, reasons = judge_health(home)
    runs = state in RUNNING
    disk = measure_disk(home.root, settings.min_free_bytes)
    broker = _ask_broker(installation.broker_url) if runs or settings.broker_url else "embedded; it starts with 'watch'"
    (queue, database), engines = _ask_ledger(installation), read_engines(home)
    chosen, fault = _look_at_model(installation)
    beat = read_heartbeat(home) if runs else None
    beside = beat.beside if beat else {}
    serving, later = _compare_models(beat, chosen)
    found = Status(state, reasons, disk, broker, engines, queue, serving, (), database, beside, later)
    problems = (*_service_problems(found), *fault, *_queue_problems(found, embedded=settings.broker_url is None))
    return replace(found, problems=problems)


def _ask_ledger(installation: Installation) -> tuple[Queue | None, str]:
    """Return what waits, or what keeps the database from saying it."""
    try:
        return read_queue(installation.ledger), ""
    except DBAPIError as error:
        return None, describe_database_error(error)


def _compare_models(beat: Beat | None, chosen: Bundle | None) -> tuple[str | None, str | None]:
    """Return the version that serves, and the other one that serves from the next start on."""
    if beat is None or beat.model_version is None:
        return chosen.model_version if chosen else None, None
    if chosen is None:
        return beat.model_version, None
    if beat.model_sha256 == chosen.model_sha256:
        return chosen.model_version, None
    is_same = beat.model_version == chosen.model_version
    return beat.model_version, f"another {chosen.model_version}" if is_same else chosen.model_version


def _look_at_model(installation: Installation) -> tuple[Bundle | None, tuple[str, ...]]:
    """Return the model that serves from the next start on, and what is wrong with it."""
    try:
        return installation.model, ()
    except BundleError as error:
        return None, (f"{error}: no film can be screened with it; see 'xray-cli model verify'",)
    except ActiveModelUnknownError:  # the database is away, which is said elsewhere
        return None, ()


def _ask_broker(url: str) -> str:
    try:
        ping_broker(url)
    except (RedisError, OSError, ValueError) as error:
        return f"does not answer ({type(error).__name__})"
    return "answers"


def _service_problems(found: Status) -> Iterator[str]:
    for reason in found.reasons if found.state in ADVICE else ():
        yield f"{reason}: {ADVICE[found.state]}"
    if found.disk.is_low and found.state is not ServiceState.PAUSED:
        yield f"{found.disk.describe()}: make room, or work pauses (XRAY_MIN_FREE_BYTES)"
    if found.broker.startswith("does not"):
        yield "the broker does not answer: is it running, and is XRAY_BROKER_URL right? Nothing is lost meanwhile"
    for engine in found.engines:
        if engine.state in (EngineState.UNUSABLE, EngineState.RESTARTING):
            log = f"{engine.device.replace(':', '-')}.log"
            yield f"engine {engine.device} is away: see engines/{log} in the home. LiteRT on the CPU answers meanwhile"
    if found.queue is None:
        yield f"{found.database}: is it running, and is XRAY_DATABASE_URL right? Files wait in the inbox"


def _queue_problems(found: Status, *, embedded: bool) -> Iterator[str]:
    queue, runs = found.queue, found.state in RUNNING
    if queue is None:
        return
    if queue.pending and not runs and embedded:
        yield f"{say_count(queue.pending, 'file', 'waits', 'wait')} and no service runs: start 'xray-cli watch'"
    if failed := queue.waiting[ArrivalState.FAILED]:
        files = say_count(failed, "file", "meets faults and is", "meet faults and are")
        yield f"{files} retried: see the log, 'xray-cli doctor'"
    if queue.stuck_alerts:
        count = say_count(queue.stuck_alerts, "alert", "does", "do")
        yield f"{count} not go out ({queue.alert_fault}): 'xray-cli alerts test' tries it; nothing is lost"
    if stay := queue.unsettled:
        what = say_count(stay, "file", "is recorded and cannot", "are recorded and cannot")
        advice = "the log says why (settle_later); let this user write the inbox's folders and XRAY_HOME"
        yield f"{what} leave the inbox: {advice}, or set XRAY_AFTER=keep"
    yield from (describe_target(target) for target in queue.targets if is_refused(target))
    quiet = _quiet_seconds(queue)
    if found.state is ServiceState.READY and quiet > STUCK_SECONDS:
        yield f"work waits and nothing has finished for {quiet:.0f} s: see the log, restart the service"
    if queue.recently_quarantined >= max(MANY_QUARANTINED, LARGE_SHARE * queue.recently_finished):
        told = f"{queue.recently_quarantined} of {say_count(queue.recently_finished, 'file')} of the last 24 hours"
        yield f"{told} could not be read: 'xray-cli quarantine list' says why; look at what sends them"


def is_refused(target: TargetFacts) -> bool:
    """Whether a target has not taken an answer for so long that somebody should look."""
    waited = (datetime.now(tz=UTC) - target.oldest_queued_at).total_seconds()
    return target.failing > 0 and waited > DELIVERY_SECONDS


def describe_target(target: TargetFacts) -> str:
    """Say what a target does not take, and in whose words."""
    what = say_count(target.waiting, "answer", "has", "have")
    said = show_text(" ".join(filter(None, (target.last_status, target.last_words))))
    return f"{what} not reached {target.target} ({said}): 'xray-cli deliveries list --waiting'; it is tried for ever"


def _quiet_seconds(queue: Queue) -> float:
    if queue.oldest_pending_at is None:
        return 0.0
    latest = max(filter(None, (queue.oldest_pending_at, queue.last_finished_at)))
    return (datetime.now(tz=UTC) - latest).total_seconds()


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "-"
    seconds = (datetime.now(tz=UTC) - moment).total_seconds()
    return f"{say_duration(seconds) if seconds >= MINUTE_SECONDS else f'{seconds:.0f} s'} ago"
