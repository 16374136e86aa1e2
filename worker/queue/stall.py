"""Seeing from the ledger and the broker that work waits and nothing finishes: pure bookkeeping.

It happens: a worker whose acknowledgement met a broker that was just killed never takes another message,
although both are up again (seen with Celery 5.7 on Redis: the message keeps its place in the prefetch window).
"""

from collections.abc import Hashable

LONGEST_PATIENCE_SECONDS = 600.0
MAX_RESTARTS = 5  # where so many have not helped, one more will not


class StallWatch:
    """Tells when to end the patience with a worker.

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
