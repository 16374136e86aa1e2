"""What the service sees of itself and of the stations, that somebody is to hear: each look records it once."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from documents.rates import Rate
from installation.disk import measure_disk
from installation.home import Home
from installation.installation import Installation
from installation.settings import Settings
from store.database import reading
from store.ledger.alerts import AlertKind, record_alert
from store.questions.stations import (
    StationHistory,
    StationRefusals,
    find_oldest_stat,
    list_station_histories,
    list_station_refusals,
)
from store.questions.tallies import read_clock
from worker.health.heartbeat import ServiceState, judge_health

FEWEST_DAYS = 7  # of history, before a station is known to send every day
DAYS_MISSED = 1 / 14  # in so many it may have sent nothing, and still does so every day
RECENT = timedelta(hours=24)
FEWEST_FILMS = 20  # of a day and of the time before, for a rate to say something

Found = tuple[AlertKind, str, int | None, str]
"""What is to be heard: its kind, what it is known by, the film, and a sentence."""
Ask = Callable[[Connection, datetime], list[Found]]


def build_looks(installation: Installation) -> Sequence[Callable[[], None]]:
    """Return the looks that the settings ask for."""
    settings = installation.settings
    asks: list[Ask] = []
    if settings.alert_silent_hours is not None:
        asks.append(partial(find_silent, hours=settings.alert_silent_hours))
    if settings.alert_stat_minutes is not None:
        asks.append(partial(find_waiting, minutes=settings.alert_stat_minutes))
    if settings.alert_refusals:
        asks.append(find_refusing)
    if settings.alert_trouble:
        asks.append(partial(find_trouble, home=installation.home, settings=settings))
    return [partial(_look, installation, ask) for ask in asks]


def is_daily(history: StationHistory, now: datetime) -> bool:
    """Tell whether a station sends every day, as far as its last 28 days say it."""
    begun = history.first_at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (now - begun).days
    return days >= FEWEST_DAYS and history.days >= days * (1 - DAYS_MISSED)


def is_unusual(station: StationRefusals) -> bool:
    """Tell whether more is refused than chance explains: the two intervals do not touch."""
    now = Rate(station.recent_refused, station.recent)
    before = Rate(station.before_refused, station.before)
    enough = station.recent >= FEWEST_FILMS and station.before >= FEWEST_FILMS
    return enough and (now.low or 0.0) > (before.high or 1.0)


def find_silent(connection: Connection, now: datetime, hours: float) -> list[Found]:
    """Find stations that send every day and have sent nothing for so long; each silence once."""
    return [
        (
            AlertKind.STATION_SILENT,
            f"{each.station_name}-{each.last_at:%Y%m%dT%H%M%S}",
            None,
            f"station {each.station_name} sends every day, and nothing has come since "
            f"{each.last_at:%Y-%m-%d %H:%M} UTC",
        )
        for each in list_station_histories(connection, now)
        # after so many hours of silence yesterday may be one of its days without a film
        if now - each.last_at > timedelta(hours=hours) and is_daily(each, each.last_at + timedelta(days=1))
    ]


def find_waiting(connection: Connection, now: datetime, minutes: float) -> list[Found]:
    """Find whether a STAT film has waited for so long; once an hour, however many wait."""
    oldest = find_oldest_stat(connection)
    if oldest is None or now - oldest[1] < timedelta(minutes=minutes):
        return []
    waited = (now - oldest[1]).total_seconds() / 60
    what = f"a STAT film has waited for {waited:.0f} minutes: 'xray-cli status' says why"
    return [(AlertKind.STAT_WAITS, f"{now:%Y%m%dT%H}", oldest[0], what)]


def find_refusing(connection: Connection, now: datetime) -> list[Found]:
    """Find stations of whose films more are refused than is normal for them; once a day."""
    return [
        (
            AlertKind.REFUSALS,
            f"{each.station_name}-{now:%Y%m%d}",
            None,
            f"station {each.station_name}: {each.recent_refused} of its {each.recent} films of the last 24 hours were "
            f"refused, of the 28 days before {each.before_refused} of {each.before}",
        )
        for each in list_station_refusals(connection, now, RECENT)
        if is_unusual(each)
    ]


def find_trouble(_connection: Connection, now: datetime, home: Home, settings: Settings) -> list[Found]:
    """Find what keeps the service from its work and does not pass by itself; once an hour."""
    found: list[Found] = []
    state, reasons = judge_health(home)
    if state is ServiceState.STALLED:
        found.append((AlertKind.STALLED, f"{now:%Y%m%dT%H}", None, "; ".join(reasons) or "nothing finishes"))
    disk = measure_disk(home.root, settings.min_free_bytes)
    if disk.is_low:
        found.append((AlertKind.DISK, f"{now:%Y%m%dT%H}", None, f"{disk.describe()}: make room"))
    return found


def _look(installation: Installation, ask: Ask) -> None:
    with reading(installation.ledger) as connection:
        found = ask(connection, read_clock(connection))
    if not found:
        return
    with installation.ledger.begin() as connection:
        for kind, key, arrival_id, what in found:
            record_alert(connection, kind, f"{kind}-{key}", arrival_id=arrival_id, text=what)
