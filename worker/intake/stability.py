"""Which files have stopped changing: pure bookkeeping of (path, look, now), without threads, disk or clock.

An unchanged size is not enough (a preallocated copy has its final size from the start), so a look is
everything that a write changes, and the caller also asks the kernel whether a writer has the file open.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Look(NamedTuple):
    """What one ``lstat`` says of a regular file."""

    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class _Candidate:
    look: Look
    first_look_at: float
    due_at: float


class StabilityTracker:
    """Files that may be complete, ordered by the moment at which it is worth looking again.

    Parameters
    ----------
    stable_seconds : float
        A file is complete when two looks this far apart agree.
    is_urgent : Callable
        Tells of a path whether it goes before the others that are due.
    """

    def __init__(self, stable_seconds: float, is_urgent: Callable[[str], bool] = lambda _: False) -> None:
        self.stable_seconds = stable_seconds
        self._is_urgent = is_urgent
        self._candidates: dict[str, _Candidate] = {}
        self._urgent: list[tuple[float, str]] = []
        self._others: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._candidates)

    def see(self, path: str, look: Look, now: float, quiet_seconds: float = 0.0) -> None:
        """Note a look at a file; a file that has changed begins anew, one that has not is left waiting.

        Parameters
        ----------
        now : float
            Monotonic seconds.
        quiet_seconds : float
            For how long the file is known not to have changed already, by its own times.
        """
        known = self._candidates.get(path)
        if known is not None and known.look == look:
            return
        due_at = now + max(0.0, self.stable_seconds - quiet_seconds)
        self._candidates[path] = _Candidate(look, now, due_at)
        self._push(path, due_at)

    def postpone(self, path: str, now: float) -> None:
        """Look again one stability wait later: somebody still writes, or one look was not enough."""
        candidate = self._candidates[path]
        candidate.due_at = now + self.stable_seconds
        self._push(path, candidate.due_at)

    def forget(self, path: str) -> None:
        """Drop a file that has gone, or has become an arrival."""
        self._candidates.pop(path, None)

    def take_due(self, now: float, limit: int) -> list[str]:
        """Return files worth a look now, the urgent ones first; each must then be seen, postponed or forgotten."""
        due: list[str] = []
        for queue in (self._urgent, self._others):
            while queue and queue[0][0] <= now and len(due) < limit:
                due_at, path = heapq.heappop(queue)
                candidate = self._candidates.get(path)
                if candidate is not None and candidate.due_at == due_at:
                    due.append(path)
        return due

    def is_unchanged(self, path: str, look: Look) -> bool:
        """Tell whether a second look agrees with the first."""
        candidate = self._candidates.get(path)
        return candidate is not None and candidate.look == look

    def was_watched(self, path: str, now: float) -> bool:
        """Tell whether the first look is a whole stability wait ago, whatever the file's own times say."""
        return now - self._candidates[path].first_look_at >= self.stable_seconds

    def next_due_at(self) -> float | None:
        """Return the monotonic moment of the next look, or None where nothing waits."""
        return min((queue[0][0] for queue in (self._urgent, self._others) if queue), default=None)

    def _push(self, path: str, due_at: float) -> None:
        heapq.heappush(self._urgent if self._is_urgent(path) else self._others, (due_at, path))
