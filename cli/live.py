"""What a person sees while the service runs: one line that moves on a terminal, log lines elsewhere."""

import logging
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from documents.figures import say_count
from inference.labels import NOTICE
from installation.logs import configure_logging
from store.database import reading
from store.errors import describe_database_error
from store.ledger.counts import count_pending
from store.questions.queries import count_states, list_newest_results
from store.questions.selection import Selection
from store.states import FINISHED_STATES, ArrivalState
from worker.health.heartbeat import ServiceState, read_heartbeat

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from installation.installation import Installation
    from installation.settings import Settings
    from worker.service.service import Service

logger = logging.getLogger("xray_watch")

REFRESH_SECONDS = 1.0
RATE_SAMPLES = 10  # the rate is that of the last ten seconds
RELAY_SECONDS = 2.0
MOST_NAMED = 40  # films named in one second at most: nobody reads faster, and the report has them all
STILL_COMMITTING = timedelta(seconds=1)  # a row carries its time before it can be seen
CLOCKS_DIFFER = timedelta(minutes=1)  # the database's clock and ours


class Progress:
    """Shows how far the service is: one moving line on a terminal, else nothing but the log.

    Attributes
    ----------
    settings : Settings
        Those with which the service is to run, so that its log fits in here.
    messages : int or None
        The descriptor to which its worker is to log; None is standard error.
    """

    def __init__(self, settings: "Settings", status: "Status | None" = None, messages: int | None = None) -> None:
        self.settings = settings
        self.messages = messages
        self._status = status
        self._service: Service | None = None
        self._started_at = datetime.now(tz=UTC)
        self._counted_until = self._started_at
        self._finished: Counter[ArrivalState] = Counter()
        self._next = 0.0
        self._seen: deque[tuple[float, int]] = deque(maxlen=RATE_SAMPLES)

    def announce(self, what: str, service: "Service") -> None:
        """Say what begins."""
        self._service = service
        logger.info("%s; Ctrl-C stops. %s", what, NOTICE, extra={"action": "started"})

    def update(self) -> None:
        """Renew the line on a terminal, once a second."""
        if self._status is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REFRESH_SECONDS
        try:
            self._status.update(self._describe())
        except DBAPIError as error:
            self._status.update(f"{describe_database_error(error)}; waiting for it")

    def log_summary(self) -> int:
        """Log the sums of this run; returns how many files could not be read or still wait."""
        until = datetime.now(tz=UTC) + CLOCKS_DIFFER
        self._name_films(self._counted_until, until)
        counts = self._count(self._started_at, until)
        told = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to do"
        logger.info("%s. %s", told, NOTICE, extra={"action": "summary"})
        finished_well = (ArrivalState.DONE, ArrivalState.DUPLICATE)
        return sum(count for state, count in counts.items() if state not in finished_well)

    def log_end(self, installation: "Installation") -> None:
        """Log that the service has stopped, and what waits."""
        try:
            with reading(installation.ledger) as connection:
                pending = count_pending(connection)
        except DBAPIError as error:
            waits = describe_database_error(error)
        else:
            files = say_count(pending, "file", "waits", "wait")
            waits = f"{files} for the next start" if pending else "no file waits"
        logger.info("stopped; %s", waits, extra={"action": "stopped"})

    def _describe(self) -> str:
        pending = self._advance()
        finished = self._finished.total()
        self._seen.append((time.monotonic(), finished))
        (first_at, before), (now, _) = self._seen[0], self._seen[-1]
        rate = (finished - before) / (now - first_at) if now > first_at else 0.0
        speed = f" ({rate:.1f}/s)" if rate else ""
        left = f", {pending / rate:.0f} s left" if pending and rate else ""
        ended = ", ".join(f"{count} {state}" for state, count in self._finished.items())
        doing = " · ".join(filter(None, (ended, self._find_pause()))) or (
            "starting" if pending else "waiting for files"
        )
        return f"{pending} pending{left} · {finished} finished{speed} · {doing}"

    def _find_pause(self) -> str:
        """Say what keeps the service from its work; '' where nothing does."""
        beat = None if self._service is None else read_heartbeat(self._service.installation.home)
        if beat is None or beat.state not in (ServiceState.PAUSED, ServiceState.STALLED) or not beat.reasons:
            return ""
        return f"{beat.state}: {beat.reasons[0].removeprefix('work pauses: ')}"

    def _advance(self) -> int:
        """Add what has finished since the last look, however long the service runs; returns what is pending."""
        if self._service is None:
            return 0
        until = datetime.now(tz=UTC) - STILL_COMMITTING
        for state, count in self._count(self._counted_until, until).items():
            if state in FINISHED_STATES:
                self._finished[state] += count
        self._name_films(self._counted_until, until)
        self._counted_until = until
        with reading(self._service.installation.ledger) as connection:
            return count_pending(connection)

    def _name_films(self, since: datetime, until: datetime) -> None:
        """Print what was said of each film that has finished, with its file's name: on a terminal, and in no log."""
        if self._service is None or self._status is None or not self.settings.terminal_names:
            return
        from documents.text import show_text
        from reports.outcomes import say_end

        with reading(self._service.installation.ledger) as connection:
            results = list_newest_results(connection, Selection(since, until), MOST_NAMED)
        for result in reversed(results):
            if result.state in FINISHED_STATES:
                line = f"{result.arrival_id:8}  {say_end(result):28} {show_text(result.file_name)}"
                self._status.console.print(line, markup=False)

    def _count(self, since: datetime, until: datetime) -> Counter[ArrivalState]:
        counts: Counter[ArrivalState] = Counter()
        if self._service is not None:
            with reading(self._service.installation.ledger) as connection:
                for group in count_states(connection, since, until):
                    counts[group.state] += group.count
        return counts


@contextmanager
def show_progress(settings: "Settings") -> Iterator[Progress]:
    """Set up the log for this command, and a live line where there is a terminal."""
    if settings.log_format == "json" or not sys.stderr.isatty():
        configure_logging(settings.log_format)
        yield Progress(settings)
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _relay(console) as descriptor, os.fdopen(os.dup(descriptor), "w", buffering=1) as stream:
        configure_logging("text", logging.StreamHandler(stream))
        with console.status("starting") as status:
            yield Progress(settings.model_copy(update={"log_format": "text"}), status, descriptor)


@contextmanager
def _relay(console: "Console") -> Iterator[int]:
    """Give a descriptor whose lines, ours and the worker's, appear above the live line and not in it."""
    read_end, write_end = os.pipe()

    def print_lines() -> None:
        with os.fdopen(read_end, errors="replace") as lines:
            for line in lines:
                console.print(line.rstrip("\n"), markup=False)

    printer = Thread(target=print_lines, daemon=True)
    printer.start()
    try:
        yield write_end
    finally:
        os.close(write_end)
        printer.join(RELAY_SECONDS)
