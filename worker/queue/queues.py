"""The two queues at the broker, STAT and routine, and the order in which a worker takes from them."""

from collections.abc import Sequence

from celery import Celery
from kombu import Queue

from store.states import Priority

TASK = "screen"
QUEUES = {Priority.STAT: "xray.stat", Priority.ROUTINE: "xray"}  # the most urgent first
STAT_IN_A_ROW = 3  # then a routine one, if one waits: a night full of STAT films does not stop the others


class StatFirst:
    """Which queue a worker asks first: STAT, but after three of them routine.

    Each worker counts for itself, so at least one in four is routine however many workers there are. kombu's
    Redis transport asks its queues in the order of ``consume`` in one command, and says by ``rotate`` which one
    answered (``queue_order_strategy``); its own orders are strict, which starves, and in turn, which halves.
    """

    def __init__(self) -> None:
        self._queues: list[str] = []
        self._in_a_row = 0

    def update(self, queues: Sequence[str]) -> None:
        """Note the queues that are taken from."""
        order = list(QUEUES.values())
        self._queues = sorted(queues, key=order.index)

    def consume(self, count: int) -> list[str]:
        """Return the queues in the order in which they are asked."""
        turn = self._queues[::-1] if self._in_a_row >= STAT_IN_A_ROW else self._queues
        return turn[:count]

    def rotate(self, last_used: str) -> str:
        """Note which queue has given a message."""
        self._in_a_row = self._in_a_row + 1 if last_used == QUEUES[Priority.STAT] else 0
        return last_used


TRANSPORT = {
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    # a worker notices by this health check, in seconds, that a broker which was killed has come back empty-handed
    "health_check_interval": 3,
    "queue_order_strategy": StatFirst,
    # ids that a worker had fetched ahead when its host died go back to the queue after a minute, not after an hour
    "visibility_timeout": 60,
    "unacked_restore_throttle": 1,
}


def build_queues() -> list[Queue]:
    """Describe the queues to Celery."""
    return [Queue(name, routing_key=name) for name in QUEUES.values()]


def send_arrival(app: Celery, arrival_id: int, priority: Priority = Priority.ROUTINE) -> None:
    """Send an arrival's id, and nothing else; raises ``kombu.exceptions.OperationalError``."""
    app.send_task(TASK, args=(arrival_id,), queue=QUEUES[priority], retry=False)


def count_messages(app: Celery) -> dict[Priority, int]:
    """Return how many ids wait at the broker."""
    with app.connection_for_read() as connection:
        declare = connection.default_channel.queue_declare
        return {
            priority: int(declare(name, passive=False, durable=True).message_count) for priority, name in QUEUES.items()
        }
