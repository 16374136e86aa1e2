"""Alerts reach a real webhook and a real mail server, each once, whatever is away in between."""

import json
import logging
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, update

from inference.labels import NOTICE
from installation.home import Home
from installation.installation import Installation, open_installation
from installation.settings import Settings
from reports.delivery.alerts import find_alert_ways
from reports.errors import DeliverySettingsError
from store.database import reading
from store.ledger.alerts import Alert, AlertKind, list_alerts, record_alert
from store.tables import alerts
from tests.delivery import PASSWORD, USER, Mailbox, Webhook, authority, ca_file, mail_server, webhook
from tests.ledger import predict, register_model
from tests.reports.delivery.test_webhook import verify
from worker.alerts.sender import AlertSender

__all__ = ["authority", "ca_file", "mail_server", "webhook"]

Open = Callable[..., Installation]
NEVER = Event()


@pytest.fixture
def opened(
    home: Home, sqlite_url: str, webhook: Webhook, mail_server: Mailbox, ca_file: Path
) -> Iterator[Callable[..., tuple[Installation, AlertSender]]]:
    """Return a function that opens an installation whose alerts go to both servers."""
    places = []

    def open_here(**changed: Any) -> tuple[Installation, AlertSender]:
        given = {
            "home": home.root,
            "database_url": SecretStr(sqlite_url),
            "delivery_ca_file": ca_file,
            "webhook_url": SecretStr(webhook.url),
            "webhook_secret": SecretStr("shared"),
            "smtp_host": "localhost",
            "smtp_port": mail_server.port,
            "smtp_user": USER,
            "smtp_password": SecretStr(PASSWORD),
            "email_from": "xray@example.org",
            "alert_email_to": "a@example.org,b@example.org",
        }
        places.append(open_installation(Settings(**given | changed)))
        installation = places[-1].__enter__()
        return installation, AlertSender(installation, find_alert_ways(installation.settings, home), ())

    yield open_here
    for place in places:
        place.__exit__(None, None, None)


def record(engine: Engine, name: str = "film.dcm") -> int:
    register_model(engine)
    identity = {"accession_number": "ACC1", "patient_id": "PAT1", "sop_instance_uid": f"1.2.{len(name)}"}
    arrival_id = predict(engine, name, identity=identity)
    with engine.begin() as connection:
        facts = {"label": "covid19", "probability": 0.97, "rule": "covid19>=0.9"}
        record_alert(connection, AlertKind.FILM, f"film-{arrival_id}", arrival_id=arrival_id, **facts)
    return arrival_id


def try_again_now(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(alerts).values(not_before=None))


def newest(engine: Engine) -> Alert:
    with reading(engine) as connection:
        return list_alerts(connection, 1)[0]


def test_a_film_is_one_signed_call_and_one_mail_without_an_identity(
    opened: Callable[..., Any], engine: Engine, webhook: Webhook, mail_server: Mailbox
) -> None:
    arrival_id = record(engine)
    _, sender = opened()
    sender.send_waiting(NEVER)
    sender.send_waiting(NEVER)
    ((headers, body),) = webhook.requests
    assert verify(headers, body, "shared")
    said = json.loads(body)
    (alert,) = said["alerts"]
    assert (said["kind"], said["count"], said["delivery"], said["notice"]) == ("film", 1, "alert-1", NOTICE)
    assert (alert["arrival"], alert["show"]) == (arrival_id, f"xray-cli show {arrival_id}")
    assert (alert["label"], alert["probability"], alert["rule"]) == ("covid19", 0.97, "covid19>=0.9")
    ((_, recipients, mail),) = mail_server.mails
    letter = message_from_bytes(mail, policy=default)
    assert recipients == ["a@example.org", "b@example.org"]
    assert letter["Subject"] == f"xray-watch: COVID-19 0.97, arrival {arrival_id}"
    assert letter["Message-ID"] == "<alert-1@example.org>"
    text = letter.get_body(("plain",)).get_content()
    assert f"xray-cli show {arrival_id}" in text
    assert NOTICE in text
    for identity in ("film.dcm", "ACC1", "PAT1", "1.2.8"):
        assert identity.encode() not in body + mail
    assert newest(engine).sent_at is not None


def test_who_it_is_stands_in_it_where_the_site_allows_it(
    opened: Callable[..., Any], engine: Engine, webhook: Webhook, mail_server: Mailbox
) -> None:
    record(engine)
    _, sender = opened(alert_identity=True)
    sender.send_waiting(NEVER)
    (alert,) = json.loads(webhook.requests[0][1])["alerts"]
    assert (alert["file_name"], alert["accession_number"], alert["patient_id"]) == ("film.dcm", "ACC1", "PAT1")
    mail = mail_server.mails[0][2].decode()
    assert "accession number: ACC1" in mail
    assert "ACC1" not in message_from_bytes(mail_server.mails[0][2])["Subject"]


def test_a_way_that_is_away_is_tried_again_and_the_other_is_not_used_twice(
    opened: Callable[..., Any], engine: Engine, webhook: Webhook, mail_server: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    record(engine)
    _, sender = opened()
    mail_server.answers += ["451 later", "451 later"]
    for _ in range(2):
        sender.send_waiting(NEVER)
        alert = newest(engine)
        assert (alert.sent_at, alert.fault) == (None, "the mail server refused the mail (451)")
        try_again_now(engine)
    with caplog.at_level(logging.INFO):
        sender.send_waiting(NEVER)
    assert (len(webhook.requests), len(mail_server.mails)) == (1, 1)
    assert "alert sent: COVID-19 0.97" in caplog.text
    assert newest(engine).sent_at is not None


def test_whoever_goes_on_after_a_crash_sends_the_same_message_under_the_same_name(
    opened: Callable[..., Any], engine: Engine, webhook: Webhook
) -> None:
    record(engine)
    _, sender = opened(alert_email_to=None)
    webhook.answers.append(503)
    sender.send_waiting(NEVER)  # as if it had been killed before it could note anything
    try_again_now(engine)
    _, another = opened(alert_email_to=None)
    another.send_waiting(NEVER)
    assert [json.loads(body)["delivery"] for _, body in webhook.requests] == ["alert-1"]


def test_many_films_go_out_in_one_digest_once_the_hours_messages_are_used_up(
    opened: Callable[..., Any], engine: Engine, webhook: Webhook
) -> None:
    _, sender = opened(alert_email_to=None, alert_most_an_hour=2)
    for number in range(5):
        record(engine, f"{number}.dcm")
    sender.send_waiting(NEVER)
    said = [json.loads(body) for _, body in webhook.requests]
    assert [(message["kind"], message["count"]) for message in said] == [("film", 1), ("digest", 4)]
    assert [alert["arrival"] for message in said for alert in message["alerts"]] == [1, 2, 3, 4, 5]


def test_a_webhook_without_a_secret_is_signed_with_one_of_the_home(
    opened: Callable[..., Any], engine: Engine, webhook: Webhook, home: Home
) -> None:
    record(engine)
    _, sender = opened(alert_email_to=None, webhook_secret=None)
    sender.send_waiting(NEVER)
    ((headers, body),) = webhook.requests
    assert home.webhook_secret.stat().st_mode & 0o777 == 0o600
    assert verify(headers, body, home.webhook_secret.read_text().strip())


def test_alerts_without_a_way_are_refused(home: Home) -> None:
    with pytest.raises(DeliverySettingsError, match="alerts need XRAY_WEBHOOK_URL or XRAY_ALERT_EMAIL_TO"):
        find_alert_ways(Settings(home=home.root, alert_on="covid19>=0.9"), home)
