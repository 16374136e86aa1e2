"""The thread of the service that sends alerts: beside the main loop, which no mail server may hold up."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import DBAPIError

from inference.alert_rules import parse_alert_rules
from installation.installation import Installation
from installation.settings import Settings
from reports.delivery.alerts import AlertWays, Identity, describe_alert, find_alert_ways, write_content
from reports.errors import DeliveryError
from store.database import reading
from store.ledger.alerts import (
    Alert,
    assign_messages,
    claim_messages,
    find_identity,
    is_any_unsent,
    record_sent,
    record_taken,
    record_unsent,
)
from worker.alerts.looking import build_looks

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LOOK_SECONDS = 60.0
STOP_SECONDS = 3.0  # a server that takes longer is left alone: the message waits in the ledger


class AlertSender:
    """Sends what waits in the ledger, each message once by every way.

    Parameters
    ----------
    ways : AlertWays
        Where messages go.
    looks : sequence of Callable
        Each looks at the service, and records what somebody is to hear of it.
    """

    def __init__(self, installation: Installation, ways: AlertWays, looks: Sequence[Callable[[], None]]) -> None:
        self._settings = installation.settings
        self._ledger = installation.ledger
        self._ways = ways
        self._looks = looks
        self._look_at = 0.0
        self._fault = ""

    def run(self, stop: Event) -> None:
        """Send until it is time to stop; whatever is away, the service does not notice."""
        while not stop.is_set():
            try:
                if time.monotonic() >= self._look_at:
                    self._look_at = time.monotonic() + LOOK_SECONDS
                    for look in self._looks:
                        look()
                self.send_waiting(stop)
            except (DBAPIError, OSError) as error:
                self._say(f"alerts wait: {type(error).__name__}")
            stop.wait(POLL_SECONDS)

    def send_waiting(self, stop: Event) -> None:
        """Send what is due now."""
        with reading(self._ledger) as connection:
            if not is_any_unsent(connection):
                return
        with self._ledger.begin() as connection:
            assign_messages(connection, self._settings.alert_most_an_hour)
            messages = claim_messages(connection)
        for alerts in messages:
            if not stop.is_set():
                self._send(alerts)

    def _send(self, alerts: Sequence[Alert]) -> None:
        message, identity = str(alerts[0].message), self._identify(alerts)
        for way, carry in self._ways.carriers.items():
            if getattr(alerts[0], f"{way.name.lower()}_at") is not None:
                continue
            try:
                carry(write_content(way, self._ways, alerts, identity))
            except DeliveryError as error:
                with self._ledger.begin() as connection:
                    record_unsent(connection, message, str(error), alerts[0].faults)
                self._say(f"alerts wait: {error}")
                return
            with self._ledger.begin() as connection:
                record_taken(connection, message, way.name.lower())
        with self._ledger.begin() as connection:
            record_sent(connection, message)
        self._fault = ""
        what = describe_alert(alerts[0]) if len(alerts) == 1 else f"{len(alerts)} alerts in one message"
        logger.info("alert sent: %s", what, extra={"action": "alert_sent"})

    def _identify(self, alerts: Sequence[Alert]) -> Identity:
        if not self._settings.alert_identity:
            return {}
        with reading(self._ledger) as connection:
            return find_identity(connection, [alert.arrival_id for alert in alerts if alert.arrival_id is not None])

    def _say(self, fault: str) -> None:
        """Say once what keeps alerts from going out."""
        if fault != self._fault:
            logger.warning("%s; nothing is lost", fault, extra={"action": "alerts_wait"})
        self._fault = fault


def wants_alerts(settings: Settings) -> bool:
    """Tell whether the site has asked to hear of anything."""
    numbers = (settings.alert_silent_hours, settings.alert_stat_minutes)
    rules = parse_alert_rules(settings.alert_on)
    return bool(rules or settings.alert_refusals or settings.alert_trouble) or any(numbers)


@contextmanager
def send_alerts(installation: Installation) -> Iterator[None]:
    """Send alerts meanwhile, where the settings ask for any.

    Raises
    ------
    DeliverySettingsError
        They ask for alerts, and say no way for them.
    """
    if not wants_alerts(installation.settings):
        yield
        return
    ways = find_alert_ways(installation.settings, installation.home)
    stop, sender = Event(), AlertSender(installation, ways, build_looks(installation))
    thread = Thread(target=sender.run, args=(stop,), name="alerts", daemon=True)
    thread.start()
    named = " and ".join(way.name.lower() for way in ways.carriers)
    logger.info("alerts go out by %s", named, extra={"action": "alerts_on"})
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)
