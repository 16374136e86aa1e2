"""``report --email``, ``daily`` and ``send`` as processes, with a real mail server and a real webhook."""

import json
import shutil
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import update

from store.columns import database_now
from store.database import open_database
from store.tables import arrivals
from tests.cli.conftest import Run
from tests.databases import sqlite_template
from tests.delivery import PASSWORD, USER, Mailbox, Webhook, authority, ca_file, mail_server, webhook
from tests.ledger import predict, register_model

__all__ = ["authority", "ca_file", "mail_server", "sqlite_template", "webhook"]

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path) -> Path:
    """A home in which one film was screened yesterday."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "xray.db")
    engine = open_database(f"sqlite:///{folder / 'xray.db'}")
    register_model(engine)
    predict(engine, "CANARY.dcm")
    with engine.begin() as connection:
        then = database_now(-DAY)
        connection.execute(update(arrivals).values(finished_at=then, received_at=then))
    engine.dispose()
    return folder


@pytest.fixture
def mail(mail_server: Mailbox, ca_file: Path, tmp_path: Path) -> dict[str, str]:
    """Settings for the mail server; the password stands in a file."""
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    return {
        "XRAY_TIME_ZONE": "UTC",
        "XRAY_SMTP_HOST": "localhost",
        "XRAY_SMTP_PORT": str(mail_server.port),
        "XRAY_SMTP_USER": USER,
        "XRAY_SMTP_PASSWORD_FILE": str(secret),
        "XRAY_EMAIL_FROM": "xray@example.org",
        "XRAY_DELIVERY_CA_FILE": str(ca_file),
    }


def test_a_report_is_mailed_and_not_printed(run: Run, home: Path, mail: dict[str, str], mail_server: Mailbox) -> None:
    answer = run("report", "--since", "2d", "--format", "csv", "--email", "a@example.org, b@example.org", **mail)
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stderr
    assert [recipients for _, recipients, _ in mail_server.mails] == [["a@example.org"], ["b@example.org"]]
    (attachment,) = message_from_bytes(mail_server.mails[0][2], policy=default).iter_attachments()  # type: ignore[attr-defined]
    assert "arrival-1" in attachment.get_content()
    assert list((home / "reports" / "outbox").glob("*.eml")) == []
    assert "example.org" not in answer.stderr


def test_what_could_not_be_sent_waits_and_is_sent_by_send(
    run: Run, home: Path, mail: dict[str, str], mail_server: Mailbox
) -> None:
    mail_server.answers.append("554 not today")
    answer = run("report", "--since", "2d", "--email", "a@example.org", **mail)
    assert answer.returncode == 69
    assert "stays in the outbox: the mail server refused the mail (554)" in answer.stderr
    listed = run("send", "--list", **mail).stdout
    assert "mail" in listed
    sent = run("send", **mail)
    assert sent.returncode == 0, sent.stderr
    assert len(mail_server.mails) == 1
    assert run("send", "--list", **mail).stdout == ""


def test_what_waits_can_be_discarded(run: Run, home: Path, mail: dict[str, str], mail_server: Mailbox) -> None:
    mail_server.answers.append("554 never")
    run("report", "--since", "2d", "--email", "a@example.org", **mail)
    waiting = run("send", "--list", **mail).stdout.split()[-1]
    assert run("send", "--discard", waiting, **mail).returncode == 0
    assert run("send", "--discard", waiting, **mail).returncode == 1


def test_daily_writes_mails_and_posts_once_however_often_it_runs(
    run: Run, home: Path, mail: dict[str, str], mail_server: Mailbox, webhook: Webhook
) -> None:
    settings = mail | {
        "XRAY_EMAIL_TO": "a@example.org",
        "XRAY_WEBHOOK_URL": webhook.url,
        "XRAY_WEBHOOK_SECRET": "shared",
    }
    webhook.answers.append(404)
    first = run("daily", "--format", "json", **settings)
    assert first.returncode == 69
    assert len(mail_server.mails) == 1
    written = Path(first.stdout.strip())
    assert written.parent == home / "reports"
    assert json.loads(written.read_text())["summary"]["arrived"] == 1
    written.write_text("an older one")

    second = run("daily", "--format", "json", **settings)
    assert second.returncode == 0, second.stderr
    assert run("daily", "--format", "json", **settings).returncode == 0
    assert json.loads(written.read_text())["summary"]["arrived"] == 1
    assert (len(mail_server.mails), len(webhook.requests)) == (1, 1)
    assert json.loads(webhook.requests[0][1])["summary"]["arrived"] == 1
    assert sorted(path.name for path in written.parent.iterdir()) == ["outbox", written.name]


@pytest.mark.parametrize("day", ["today", "2h", "last-week", "2026-11-01T08:30"])
def test_what_is_no_whole_day_that_is_over_is_neither_written_nor_sent(
    run: Run, home: Path, mail: dict[str, str], mail_server: Mailbox, day: str
) -> None:
    answer = run("daily", "--day", day, "--format", "table", **mail, XRAY_EMAIL_TO="a@example.org")
    assert answer.returncode == 2
    assert f"--day '{day}' is not one whole day that is over" in answer.stderr
    assert mail_server.mails == []
    assert not (home / "reports").exists()


@pytest.mark.parametrize(
    ("options", "settings", "says"),
    [
        (("--email", "a@example.org"), {}, "mail needs XRAY_SMTP_HOST and XRAY_EMAIL_FROM"),
        (("--webhook",), {"XRAY_WEBHOOK_URL": "https://localhost/"}, "XRAY_WEBHOOK_SECRET: a long random text"),
        (("--email", "nobody"), {}, "'nobody' is no mail address"),
        (
            ("--email", "a@example.org"),
            {
                "XRAY_SMTP_HOST": "localhost",
                "XRAY_EMAIL_FROM": "a@example.org",
                "XRAY_SMTP_SECURITY": "none",
                "XRAY_SMTP_USER": "reports",
            },
            "clear text",
        ),
    ],
)
def test_settings_that_are_missing_or_unsafe_are_named(
    run: Run, home: Path, options: tuple[str, ...], settings: dict[str, str], says: str
) -> None:
    answer = run("report", "--since", "2d", *options, **settings)
    assert answer.returncode == 78
    assert says in answer.stderr
    assert not (home / "reports").exists()
