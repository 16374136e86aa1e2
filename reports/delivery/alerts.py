"""An alert as a signed call of the webhook and as a mail: numbers and labels; who it is only where the site allows."""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from inference.labels import NOTICE
from installation.home import Home
from installation.settings import Settings
from reports.delivery.carriers import find_carriers, make_webhook_secret, read_recipients
from reports.delivery.letter import Letter
from reports.delivery.mail import build_message
from reports.delivery.outbox import Carrier, Way
from reports.delivery.webhook import SCHEMA
from reports.errors import DeliverySettingsError
from reports.wording import name_label
from store.ledger.alerts import Alert, AlertKind

MOST_NAMED = 100  # alerts that a digest names; the others are counted
Identity = Mapping[int, Mapping[str, str | None]]
"""What identifies films, by arrival; empty where the site does not allow it."""


@dataclass(frozen=True, slots=True)
class AlertWays:
    """How alerts go out.

    Attributes
    ----------
    carriers : Mapping of Way to Carrier
        Each is to take every message.
    recipients : sequence of str
        Of the mails, who all stand in one.
    """

    carriers: Mapping[Way, Carrier]
    sender: str = ""
    recipients: Sequence[str] = ()


def find_alert_ways(settings: Settings, home: Home) -> AlertWays:
    """Return the ways that are set; a webhook without a secret is signed with one that is made in the home.

    Raises
    ------
    DeliverySettingsError
        Alerts are asked for and there is no way, or one is not set well.
    """
    recipients = read_recipients([settings.alert_email_to or ""])
    to_webhook = settings.alert_webhook and settings.webhook_url is not None
    if not recipients and not to_webhook:
        raise DeliverySettingsError("alerts need XRAY_WEBHOOK_URL or XRAY_ALERT_EMAIL_TO")
    if to_webhook and settings.webhook_secret is None:
        settings = settings.model_copy(update={"webhook_secret": SecretStr(make_webhook_secret(home))})
    carriers = find_carriers(settings, needs_mail=bool(recipients), needs_webhook=to_webhook)
    wanted = {Way.WEBHOOK: to_webhook, Way.MAIL: bool(recipients)}
    chosen = {way: carrier for way, carrier in carriers.items() if wanted[way]}
    return AlertWays(chosen, settings.email_from or "", recipients)


def write_content(way: Way, ways: AlertWays, alerts: Sequence[Alert], identity: Identity) -> bytes:
    """Write what one way takes of a message."""
    if way is Way.WEBHOOK:
        return build_alert_body(alerts, identity)
    name = str(alerts[0].message)
    return build_message(name, ways.sender, ", ".join(ways.recipients), write_alert_letter(alerts, identity))


def build_alert_body(alerts: Sequence[Alert], identity: Identity) -> bytes:
    """Write the webhook's body: one alert, or a digest of several."""
    body = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "delivery": alerts[0].message,
        "kind": "digest" if len(alerts) > 1 else alerts[0].kind.value,
        "count": len(alerts),
        "alerts": [_as_json(alert, identity) for alert in alerts[:MOST_NAMED]],
    }
    return json.dumps(body).encode()


def write_alert_letter(alerts: Sequence[Alert], identity: Identity) -> Letter:
    """Write a mail about one alert or several; its subject never says who it is."""
    lines = [line for alert in alerts[:MOST_NAMED] for line in _as_lines(alert, identity)]
    if len(alerts) > MOST_NAMED:
        lines.append(f"... and {len(alerts) - MOST_NAMED} more: 'xray-cli alerts list'")
    text = "\n".join([*lines, "", NOTICE, ""])
    subject = f"xray-watch: {describe_alert(alerts[0])}" if len(alerts) == 1 else f"xray-watch: {len(alerts)} alerts"
    return Letter(subject, text, f"<pre>{html.escape(text)}</pre>", datetime.now(tz=UTC))


def describe_alert(alert: Alert) -> str:
    """Say an alert in a line, without an identity."""
    if alert.kind is not AlertKind.FILM:
        return str(alert.detail["text"])
    return f"{name_label(alert.detail['label'])} {alert.detail['probability']:.2f}, arrival {alert.arrival_id}"


def say_show(alert: Alert) -> str | None:
    """Say the command that shows the film; None of what is about none."""
    return None if alert.arrival_id is None else f"xray-cli show {alert.arrival_id}"


def build_test() -> Alert:
    """Return an alert about nothing, which says so."""
    now, name = datetime.now(tz=UTC), f"alert-test-{uuid4().hex[:12]}"
    detail = {"text": "this is a test: nothing has happened"}
    return Alert(0, name, AlertKind.TEST, None, detail, now, name, None, None, None, 0, None)


def _as_json(alert: Alert, identity: Identity) -> dict[str, Any]:
    return {
        "kind": alert.kind.value,
        "arrival": alert.arrival_id,
        "show": say_show(alert),
        "text": describe_alert(alert),
        "recorded_at": alert.recorded_at.isoformat(),
        **alert.detail,
        **identity.get(alert.arrival_id or 0, {}),
    }


def _as_lines(alert: Alert, identity: Identity) -> list[str]:
    found = [f"{describe_alert(alert)} ({alert.recorded_at:%Y-%m-%d %H:%M:%S} UTC)"]
    known = identity.get(alert.arrival_id or 0, {})
    found += [f"    {name.replace('_', ' ')}: {value}" for name, value in known.items() if value]
    show = say_show(alert)
    return found if show is None else [*found, f"    {show}"]
