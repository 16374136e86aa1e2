"""When a batch is due: pure bookkeeping, without sockets, threads or a clock."""

from typing import Generic, TypeVar

Item = TypeVar("Item")


class Gatherer(Generic[Item]):
    """Collects requests until a batch is full, nobody is left who could add to it, or the first has waited enough.

    Parameters
    ----------
    linger_seconds : float
        So long the first request of a batch waits for others.
    """

    def __init__(self, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._waiting: dict[Item, float] = {}

    def __contains__(self, item: Item) -> bool:
        return item in self._waiting

    def add(self, item: Item, now: float) -> None:
        """Note a request."""
        self._waiting[item] = now

    def discard(self, item: Item) -> None:
        """Forget a request whose sender has gone."""
        self._waiting.pop(item, None)

    def seconds_to_batch(self, now: float, *, batch_size: int, senders: int) -> float | None:
        """Return how long the next batch may still wait, 0 when it is due, None where nothing waits.

        Parameters
        ----------
        now : float
            Monotonic seconds.
        batch_size : int
            The largest batch.
        senders : int
            How many there are; each has one request under way at most.
        """
        if not self._waiting:
            return None
        if len(self._waiting) >= min(batch_size, senders):
            return 0.0
        oldest = next(iter(self._waiting.values()))
        return max(0.0, oldest + self._linger_seconds - now)

    def take(self, batch_size: int) -> list[Item]:
        """Take the next batch, the oldest requests first."""
        batch = list(self._waiting)[:batch_size]
        for item in batch:
            del self._waiting[item]
        return batch
