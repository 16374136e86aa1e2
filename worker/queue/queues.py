"""The queues at the broker, overdue, STAT and routine: who sends, in which order workers take, and whether any does."""

from collections.abc import Hashable, Iterable, Sequence

from celery import Celery
from kombu import Producer, Queue
from kombu.exceptions import BatchPublishError
from kombu.exceptions import OperationalError as BrokerError

from store.states import Priority

TASK = "screen"
QUEUES = {Priority.STAT: "xray.stat", Priority.ROUTINE: "xray"}  # the most urgent first
OVERDUE = "xray.overdue"  # routine films that have waited for as long as the site promises
STAT_IN_A_ROW = 3  # then a routine one, if one waits: a night full of STAT films does not stop the others
LONGEST_PATIENCE_SECONDS = 600.0
MAX_RESTARTS = 5  # where so many have not helped, one more will not


class StatFirst:
    """Which queue a worker asks first: STAT, but after three of them routine; what is overdue before both, in turn.

    Each worker counts for itself, so at least one in four is routine however many workers there are, and where films
    are overdue one in two is of these: a STAT film waits for one of them at most. kombu's Redis transport asks its
    queues in the order of ``consume`` in one command, and says by ``rotate`` which one answered
    (``queue_order_strategy``); its own orders are strict, which starves, and in turn, which halves.
    """

    def __init__(self) -> None:
        self._queues: list[str] = []
        self._in_a_row = 0
        self._was_overdue = False

    def update(self, queues: Sequence[str]) -> None:
        """Note the queues that are taken from."""
        order = [OVERDUE, *QUEUES.values()]
        self._queues = sorted(queues, key=order.index)

    def consume(self, count: int) -> list[str]:
        """Return the queues in the order in which they are asked."""
        overdue = [queue for queue in self._queues if queue == OVERDUE]
        others = [queue for queue in self._queues if queue != OVERDUE]
        turn = others[::-1] if self._in_a_row >= STAT_IN_A_ROW else others
        return (turn + overdue if self._was_overdue else overdue + turn)[:count]

    def rotate(self, last_used: str) -> str:
        """Note which queue has given a message."""
        self._was_overdue = last_used == OVERDUE
        self._in_a_row = self._in_a_row + 1 if last_used == QUEUES[Priority.STAT] else 0
        return last_used


TRANSPORT = {
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    # a worker notices by this health check, in seconds, that a broker which was killed has come back empty-handed
    "health_check_interval": 3,
    "queue_order_strategy": StatFirst,
    # the broker keeps no list of what was taken and not acknowledged: the ledger knows, and the sweep sends again; half
    # of what a message costs a worker was that list, and an acknowledgement that was lost made it deaf
    "ack_emulation": False,
}


def build_celery(broker_url: str) -> Celery:
    """Build the Celery application as far as a sender needs it."""
    app = Celery("xray_watch", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=QUEUES[Priority.ROUTINE],
        task_queues=[Queue(name, routing_key=name) for name in (OVERDUE, *QUEUES.values())],
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_lost_wait=0.5,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_transport_options=TRANSPORT,
    )
    return app


def send_arrivals(app: Celery, arrivals: Iterable[tuple[int, Priority]]) -> None:
    """Send the ids of arrivals, a message each, in one go.

    Raises
    ------
    kombu.exceptions.OperationalError
        The broker is away or refuses; some of them may have been sent.
    """
    try:
        with app.producer_or_acquire() as producer, producer.batch():
            for arrival_id, priority in arrivals:
                send_arrival(app, arrival_id, priority, producer=producer)
    except BatchPublishError as error:
        raise BrokerError(str(error)) from error.__cause__


def send_arrival(
    app: Celery,
    arrival_id: int,
    priority: Priority = Priority.ROUTINE,
    *,
    overdue: bool = False,
    producer: Producer | None = None,
) -> None:
    """Send an arrival's id, and nothing else; raises ``kombu.exceptions.OperationalError``."""
    queue = OVERDUE if overdue else QUEUES[priority]
    app.send_task(TASK, args=(arrival_id,), queue=queue, retry=False, producer=producer)


def count_messages(app: Celery) -> dict[Priority, int]:
    """Return how many ids wait at the broker; what is overdue is routine."""
    with app.connection_for_read() as connection:
        declare = connection.default_channel.queue_declare

        def count(name: str) -> int:
            return int(declare(name, passive=False, durable=True).message_count)

        waiting = {priority: count(name) for priority, name in QUEUES.items()}
        return waiting | {Priority.ROUTINE: waiting[Priority.ROUTINE] + count(OVERDUE)}


class StallWatch:
    """Sees that work waits and nothing finishes, and says when to restart the worker: pure bookkeeping.

    It happened while ids were acknowledged at the broker: a worker whose acknowledgement met a broker that was just
    killed never took another message, although both were up again, since that message kept its place in the prefetch
    window (Celery 5.7 on Redis; celery/celery issues 10205 and 10302).

    Parameters
    ----------
    patience_seconds : float
        So long may work wait without progress; each restart that did not help doubles it, up to ten minutes.
    starting_seconds : float
        The same for a worker under which nothing has finished yet: it may still be starting.

    Attributes
    ----------
    restarts : int
        How often the worker was to be restarted since something last finished: restarts that have not helped.
    is_stalled : bool
        True while work waits although the worker was restarted for it.
    """

    def __init__(self, patience_seconds: float, starting_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._starting_seconds = starting_seconds
        self.restarts = 0
        self.is_stalled = False
        self._worker: int | None = None
        self._has_worked = False
        self._progress: tuple[Hashable] | None = None
        self._since: float | None = None

    @property
    def is_given_up(self) -> bool:
        """True when no further restart is tried until something finishes."""
        return self.restarts >= MAX_RESTARTS

    def observe(self, now: float, *, waiting: bool, progress: Hashable, worker: int | None) -> bool:
        """Note what is seen; returns True when the worker should be restarted.

        Parameters
        ----------
        now : float
            Monotonic seconds.
        waiting : bool
            Messages wait at the broker and nobody is screening.
        progress : Hashable
            Changes whenever a file finishes.
        worker : int or None
            The process id of the worker; None while there is none, because it is about to be started again.
        """
        if worker != self._worker:
            self._worker, self._has_worked, self._since = worker, False, None
        if (progress,) != self._progress:
            self._note(progress)
        if not waiting:
            self._since, self.is_stalled = None, False
        if not waiting or worker is None:
            return False
        if self._since is None:
            self._since = now
        if self.is_given_up or now - self._since < self._patience():
            return False
        self._since, self.is_stalled = now, True
        self.restarts += 1
        return True

    def _note(self, progress: Hashable) -> None:
        self._has_worked = self._progress is not None  # what was there before the first look is not this worker's
        self._progress = (progress,)
        self._since, self.is_stalled = None, False
        self.restarts = 0

    def _patience(self) -> float:
        first = self._patience_seconds if self._has_worked else self._starting_seconds
        return min(LONGEST_PATIENCE_SECONDS, first * (1 << self.restarts))
