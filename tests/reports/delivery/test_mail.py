import socket
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from reports.delivery.letter import Attachment, Letter
from reports.delivery.mail import MailSettings, Security, build_message, check_address, send_message
from reports.errors import DeliveryError, DeliverySettingsError
from tests.delivery import PASSWORD, USER, Mailbox

LETTER = Letter(
    "xray-watch report 2026-11-20",
    "20 films\n" * 10,
    "<p>20 films</p>",
    datetime(2026, 11, 21, 6, tzinfo=UTC),
    Attachment("report.csv", "text/csv", "a,b\r\nä,1\r\n".encode()),
)
SENDER, RECIPIENT = "xray@example.org", "pacs@example.org"
MAIL = build_message("day-1", SENDER, RECIPIENT, LETTER)


def settings(server: Mailbox, ca_file: Path | None, **changed: object) -> MailSettings:
    fields: dict[str, object] = {"user": USER, "password": PASSWORD, "ca_file": ca_file, **changed}
    return MailSettings("localhost", server.port, SENDER, **fields)  # type: ignore[arg-type]


def test_a_mail_arrives_whole_and_encrypted(mail_server: Mailbox, ca_file: Path) -> None:
    send_message(MAIL, settings(mail_server, ca_file))
    ((sender, recipients, content),) = mail_server.mails
    assert (sender, recipients) == (SENDER, [RECIPIENT])
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == LETTER.subject
    assert mail["Message-ID"] == "<day-1@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == LETTER.text.splitlines()
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "report.csv"
    assert attachment.get_payload(decode=True) == LETTER.attachment.content  # type: ignore[union-attr]


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(mail_server: Mailbox) -> None:
    with pytest.raises(DeliveryError, match="certificate is not trusted"):
        send_message(MAIL, settings(mail_server, None))
    assert mail_server.mails == []


def test_a_certificate_for_another_name_is_not_trusted(other_mail_server: Mailbox, ca_file: Path) -> None:
    with pytest.raises(DeliveryError, match="certificate is not trusted"):
        send_message(MAIL, settings(other_mail_server, ca_file))


def test_a_server_without_encryption_gets_neither_password_nor_mail(plain_mail_server: Mailbox, ca_file: Path) -> None:
    with pytest.raises(DeliveryError, match="no encryption") as found:
        send_message(MAIL, settings(plain_mail_server, ca_file))
    assert found.value.is_final
    assert plain_mail_server.mails == []


def test_a_wrong_password_is_final(mail_server: Mailbox, ca_file: Path) -> None:
    with pytest.raises(DeliveryError, match=r"user or password \(535\)") as found:
        send_message(MAIL, settings(mail_server, ca_file, password="wrong"))
    assert found.value.is_final


@pytest.mark.parametrize(("answer", "is_final"), [("451 later", False), ("554 never", True)])
def test_the_servers_answer_says_whether_trying_again_helps(
    mail_server: Mailbox, ca_file: Path, answer: str, is_final: bool
) -> None:
    mail_server.answers.append(f"{answer} {RECIPIENT}")
    with pytest.raises(DeliveryError) as found:
        send_message(MAIL, settings(mail_server, ca_file))
    assert found.value.is_final is is_final
    assert RECIPIENT not in str(found.value)


def test_a_server_that_is_away_may_come_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DeliveryError, match="cannot be reached") as found:
        send_message(MAIL, MailSettings("127.0.0.1", port, SENDER, Security.TLS))
    assert not found.value.is_final


@pytest.mark.parametrize(
    "text", ["", "pacs", "pacs@", "@example.org", "a b@example.org", "a@example.org\nBcc: b@example.org"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(DeliverySettingsError, match="no mail address"):
        check_address(text)
