"""From a report to parcels: who gets what, and what no parcel may say."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import Engine

from inference.labels import NOTICE, Label
from reports.delivery.outbox import Outbox
from reports.delivery.posting import Posting, post_report
from reports.question.periods import Period
from reports.question.question import Question
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from tests.ledger import digest, predict, register_model, reject

NOW = datetime.now(tz=UTC)
QUESTION = Question(Period(NOW - timedelta(days=1), NOW + timedelta(days=1)))
NAME = "CANARY^PATIENT.dcm"
SHARES = {Label.COVID19: 0.9, Label.VIRAL_PNEUMONIA: 0.05, Label.NORMAL: 0.05}


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def post(engine: Engine, outbox: Outbox, output_format: str = "csv", **how: object) -> dict[str, bytes]:
    register_model(engine)
    predict(engine, NAME, label=Label.COVID19, probabilities=SHARES)
    reject(engine, "lateral.dcm")
    with engine.begin() as connection:  # a miss and a false alarm: the film stands in each list there is
        record_references(connection, [ReferenceLabel(digest(NAME), ReferenceSource.READER, Reference.VIRAL_PNEUMONIA)])
    posting = Posting("day-1", output_format, "xray@example.org", **how)  # type: ignore[arg-type]
    ids = post_report(engine, QUESTION, posting, outbox, {})
    waiting = {parcel.id: parcel.path.read_bytes() for parcel in outbox.list_waiting()}
    assert sorted(waiting) == sorted(ids)
    return waiting


def read_all(content: bytes) -> str:
    """Return all text of a mail, decoded."""
    parts = message_from_bytes(content, policy=default).walk()
    texts = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
    return "\n".join(text.decode() for text in texts if isinstance(text, bytes))


@pytest.mark.parametrize("output_format", ["table", "csv", "json", "html"])
def test_no_mail_names_a_file_unless_the_site_allows(sqlite_engine: Engine, outbox: Outbox, output_format: str) -> None:
    (content,) = post(sqlite_engine, outbox, output_format, recipients=("a@example.org",)).values()
    assert "CANARY" not in content.decode() + read_all(content)
    assert read_all(content).count("arrival-1") >= (1 if output_format == "csv" else 3)
    assert NOTICE in read_all(content)


def test_a_mail_names_files_where_the_site_allows_and_never_in_the_subject(
    sqlite_engine: Engine, outbox: Outbox
) -> None:
    (content,) = post(sqlite_engine, outbox, recipients=("a@example.org",), with_names=True).values()
    assert NAME in read_all(content)
    assert "CANARY" not in str(message_from_bytes(content, policy=default)["Subject"])


def test_each_recipient_gets_a_mail_of_their_own(sqlite_engine: Engine, outbox: Outbox) -> None:
    mails = post(sqlite_engine, outbox, recipients=("a@example.org", "b@example.org")).values()
    assert {message_from_bytes(mail, policy=default)["To"] for mail in mails} == {"a@example.org", "b@example.org"}


def test_the_page_in_a_mail_is_well_formed_and_says_what_to_do(sqlite_engine: Engine, outbox: Outbox) -> None:
    (content,) = post(sqlite_engine, outbox, recipients=("a@example.org",)).values()
    page = message_from_bytes(content, policy=default).get_body(("html",))  # type: ignore[attr-defined]
    tree = ElementTree.fromstring(page.get_content().partition("\n")[2])
    text = " ".join("".join(tree.itertext()).split())
    assert "lateral" in text
    assert "only frontal views" in text


def test_the_webhook_gets_sums_and_nothing_of_a_single_file(sqlite_engine: Engine, outbox: Outbox) -> None:
    (content,) = post(sqlite_engine, outbox, to_webhook=True).values()
    told = json.loads(content)
    assert told["notice"] == NOTICE
    assert told["delivery"] == "day-1-webhook"
    assert (told["summary"]["arrived"], told["summary"]["labels"]["covid19"]) == (2, 1)
    assert told["reasons"] == [{"part": "rejected", "reason_code": "lateral", "count": 1}]
    assert "CANARY" not in content.decode()


def test_a_report_that_is_too_large_for_mail_is_not_attached_and_the_mail_says_so(
    sqlite_engine: Engine, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.delivery.posting.MAX_ATTACHMENT_BYTES", 10)
    (content,) = post(sqlite_engine, outbox, recipients=("a@example.org",)).values()
    mail = message_from_bytes(content, policy=default)
    assert list(mail.iter_attachments()) == []  # type: ignore[attr-defined]
    assert read_all(content).count("is not attached") == 2
