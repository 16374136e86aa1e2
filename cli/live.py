"""What a person sees while the service runs: one line that moves on a terminal, log lines elsewhere."""

import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from inference.labels import NOTICE
from store.database import reading
from store.queries import count_states
from store.states import PENDING_STATES, ArrivalState
from worker.logs import configure_logging

if TYPE_CHECKING:
    from rich.status import Status

    from worker.service import Service
    from worker.settings import WatchSettings

logger = logging.getLogger("xray_watch")

REFRESH_SECONDS = 1.0


class Progress:
    """Shows how far the service is: one moving line on a terminal, else nothing but the log."""

    def __init__(self, status: "Status | None") -> None:
        self._status = status
        self._service: Service | None = None
        self._started_at = datetime.now(tz=UTC)
        self._next = 0.0

    def announce(self, what: str, service: "Service") -> None:
        """Say what begins."""
        self._service = service
        logger.info("%s (Ctrl-C stops). %s", what, NOTICE, extra={"action": "started"})

    def update(self) -> None:
        """Renew the line on a terminal, once a second."""
        if self._status is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REFRESH_SECONDS
        try:
            self._status.update(self._describe())
        except DBAPIError:
            self._status.update("the database does not answer; waiting for it")

    def log_summary(self) -> int:
        """Log the sums of this run; returns how many files could not be read or still wait."""
        counts = self._count()
        told = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to do"
        logger.info("%s. %s", told, NOTICE, extra={"action": "summary"})
        finished_well = (ArrivalState.DONE, ArrivalState.DUPLICATE)
        return sum(count for state, count in counts.items() if state not in finished_well)

    def _describe(self) -> str:
        counts = self._count()
        pending = sum(counts.pop(state, 0) for state in PENDING_STATES)
        finished = sum(counts.values())
        rate = finished / max(1.0, (datetime.now(tz=UTC) - self._started_at).total_seconds())
        left = f", {pending / rate:.0f} s left" if pending and rate else ""
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        return f"{pending} pending{left} · {finished} finished ({rate:.1f}/s) · {told or 'waiting for files'}"

    def _count(self) -> dict[ArrivalState, int]:
        if self._service is None:
            return {}
        with reading(self._service.engine) as connection:
            groups = count_states(connection, self._started_at, datetime.now(tz=UTC) + timedelta(minutes=1))
        counts: Counter[ArrivalState] = Counter()
        for group in groups:
            counts[group.state] += group.count
        return dict(counts)


@contextmanager
def show_progress(settings: "WatchSettings") -> Iterator[Progress]:
    """Set up the log for this command, and a live line where there is a terminal."""
    if settings.log_format == "json" or not sys.stderr.isatty():
        configure_logging(settings.log_format)
        yield Progress(None)
        return
    from rich.console import Console
    from rich.logging import RichHandler

    console = Console(stderr=True)
    configure_logging("text", RichHandler(console=console, show_path=False, show_time=False, show_level=False))
    with console.status("starting") as status:
        yield Progress(status)
