"""Seeing from the ledger and the broker that work waits and nothing finishes: pure bookkeeping.

It happens: a worker whose acknowledgement met a broker that was just killed never takes another message,
although both are up again (seen with Celery 5.7 on Redis: the message keeps its place in the prefetch window).
"""

from collections.abc import Hashable

LONGEST_PATIENCE_SECONDS = 600.0


class StallWatch:
    """Tells when to end the patience with a worker.

    Parameters
    ----------
    patience_seconds : float
        So long may work wait without progress; each restart that did not help doubles it, up to ten minutes.

    Attributes
    ----------
    restarts : int
        How often the worker was to be restarted since something last finished: restarts that have not helped.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._first_patience = patience_seconds
        self._patience = patience_seconds
        self.restarts = 0
        self._progress: Hashable = None
        self._since: float | None = None

    @property
    def is_stalled(self) -> bool:
        """True while work waits although the worker was restarted for it."""
        return self.restarts > 0 and self._since is not None

    def observe(self, now: float, *, waiting: bool, progress: Hashable) -> bool:
        """Note what is seen; returns True when the worker should be restarted.

        Parameters
        ----------
        now : float
            Monotonic seconds.
        waiting : bool
            Messages wait at the broker and nobody is screening.
        progress : Hashable
            Changes whenever a file finishes.
        """
        if progress != self._progress:
            self._patience = self._first_patience
            self.restarts = 0
        if not waiting or progress != self._progress or self._since is None:
            self._since = now if waiting else None
            self._progress = progress
            return False
        if now - self._since < self._patience:
            return False
        self._since = now
        self._patience = min(LONGEST_PATIENCE_SECONDS, self._patience * 2)
        self.restarts += 1
        return True
