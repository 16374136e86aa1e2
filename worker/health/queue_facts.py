"""What waits and what has finished of late: what ``status`` asks of the ledger, however large that has grown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from store.database import reading
from store.ledger.alerts import count_stuck
from store.ledger.counts import count_finished_states, count_pending_states, count_stat, find_last_finished
from store.ledger.deliveries import TargetFacts, count_waiting
from store.ledger.sweeps import count_unsettled
from store.questions.queries import find_oldest_pending
from store.states import FINISHED_STATES, PENDING_STATES, ArrivalState

RECENT = timedelta(hours=24)
STUCK_ALERT_SECONDS = 60.0
UNSETTLED_SECONDS = 30.0  # the service has tried more than once by then


@dataclass(frozen=True, slots=True)
class Queue:
    """What the ledger says of its arrivals, without a look at what finished long ago.

    Attributes
    ----------
    waiting : mapping
        Files that have no result now, by state.
    recent : mapping
        Files that have finished in the last 24 hours, by state.
    unsettled : int
        Files that are recorded and should have left the inbox by now.
    stuck_alerts : int
        Alerts that do not go out, for the reason ``alert_fault``.
    targets : sequence of TargetFacts
        Where in the PACS answers have not arrived yet.
    """

    waiting: Mapping[ArrivalState, int] = field(default_factory=lambda: dict.fromkeys(PENDING_STATES, 0))
    recent: Mapping[ArrivalState, int] = field(default_factory=lambda: dict.fromkeys(FINISHED_STATES, 0))
    oldest_pending_at: datetime | None = None
    last_finished_at: datetime | None = None
    pending_stat: int = 0
    unsettled: int = 0
    stuck_alerts: int = 0
    alert_fault: str | None = None
    targets: Sequence[TargetFacts] = ()

    @property
    def pending(self) -> int:
        """How many files have no result yet."""
        return sum(self.waiting.values())

    @property
    def recently_finished(self) -> int:
        """How many files have finished in the last 24 hours."""
        return sum(self.recent.values())

    @property
    def recently_quarantined(self) -> int:
        """How many of them could not be read."""
        return self.recent[ArrivalState.QUARANTINED]


def read_queue(engine: Engine) -> Queue:
    """Ask the ledger."""
    with reading(engine) as connection:
        return Queue(
            count_pending_states(connection),
            count_finished_states(connection, datetime.now(tz=UTC) - RECENT),
            find_oldest_pending(connection),
            find_last_finished(connection),
            count_stat(connection),
            count_unsettled(connection, UNSETTLED_SECONDS),
            *count_stuck(connection, STUCK_ALERT_SECONDS),
            count_waiting(connection),
        )
