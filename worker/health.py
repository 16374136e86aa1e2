"""How the service is, seen from outside of it: for ``status``."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from store.arrivals import count_by_state
from store.database import reading
from store.models import list_models
from store.queries import find_last_finished, find_oldest_pending
from store.states import PENDING_STATES, ArrivalState
from worker.home import Home, is_locked
from worker.settings import WatchSettings

STUCK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Status:
    """What is queued, running and stuck."""

    service_runs: bool
    states: dict[ArrivalState, int]
    oldest_pending_at: datetime | None
    last_finished_at: datetime | None
    model_version: str | None
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what machines read."""
        return {
            "service_runs": self.service_runs,
            "states": {state.value: self.states.get(state, 0) for state in ArrivalState},
            "oldest_pending_at": self.oldest_pending_at and self.oldest_pending_at.isoformat(),
            "last_finished_at": self.last_finished_at and self.last_finished_at.isoformat(),
            "model_version": self.model_version,
            "problems": list(self.problems),
        }

    def as_lines(self) -> Iterator[str]:
        """Return what people read."""
        yield f"service          {'running' if self.service_runs else 'not running'}"
        yield f"model            {self.model_version or '-'}"
        for state in ArrivalState:
            yield f"{state.value:16} {self.states.get(state, 0)}"
        yield f"oldest pending   {_ago(self.oldest_pending_at)}"
        yield f"last finished    {_ago(self.last_finished_at)}"
        yield from (f"! {problem}" for problem in self.problems)


def read_status(settings: WatchSettings, engine: Engine) -> Status:
    """Read the state of the service from its ledger and its lock."""
    with reading(engine) as connection:
        states = count_by_state(connection)
        oldest, last = find_oldest_pending(connection), find_last_finished(connection)
        models = list_models(connection)
    runs = is_locked(Home(settings.home))
    problems = tuple(_find_problems(states, oldest, last, runs=runs, embedded=settings.broker_url is None))
    model = next((model.model_version for model in models if model.active), None) or (
        models[0].model_version if models else None
    )
    return Status(runs, states, oldest, last, model, problems)


def _find_problems(
    states: dict[ArrivalState, int],
    oldest: datetime | None,
    last: datetime | None,
    *,
    runs: bool,
    embedded: bool,
) -> Iterator[str]:
    pending = sum(states.get(state, 0) for state in PENDING_STATES)
    if pending and not runs and embedded:
        yield f"{pending} files wait and no service runs: start 'xray-cli watch'"
    if states.get(ArrivalState.FAILED):
        yield f"{states[ArrivalState.FAILED]} files meet faults and are retried: see the log, 'xray-cli doctor'"
    now = datetime.now(tz=UTC)
    quiet = (now - max(filter(None, (oldest, last)))).total_seconds() if oldest else 0.0
    if runs and quiet > STUCK_SECONDS:
        yield f"work waits and nothing has finished for {quiet:.0f} s: see the log, restart the service"


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "-"
    return f"{(datetime.now(tz=UTC) - moment).total_seconds():.0f} s ago"
