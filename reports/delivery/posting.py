"""From a report to parcels in the outbox: a mail for each recipient, a summary for the webhook."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from reports.delivery.letter import Attachment, write_letter
from reports.delivery.mail import build_message
from reports.delivery.outbox import Outbox, Way
from reports.delivery.webhook import build_body
from reports.formats import ReportSource, write_report_to
from reports.question.question import Question
from store.database import reading

MAX_ATTACHMENT_BYTES = 20 << 20  # more is refused by most mail servers
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Posting:
    """To whom a report goes.

    Attributes
    ----------
    name : str
        What its parcels are called; one that was sent under this name is not sent again.
    output_format : str
        Of what is attached; ``table`` is the text of the mail itself.
    sender : str
        The address that mails come from.
    recipients : tuple of str
        Each gets a mail of its own.
    to_webhook : bool
        A summary goes to the webhook too.
    with_names : bool
        Whether a mail may name files.
    """

    name: str
    output_format: str
    sender: str = ""
    recipients: tuple[str, ...] = ()
    to_webhook: bool = False
    with_names: bool = False


def post_report(
    engine: Engine, question: Question, posting: Posting, outbox: Outbox, advice: Mapping[str, str]
) -> Sequence[str]:
    """Put a report into the outbox, once for each recipient; return the ids of the parcels."""
    ids = []
    attachment, note = _attach(engine, question, posting, advice) if posting.recipients else (None, "")
    with reading(engine) as connection:
        source = ReportSource(connection, question, advice, with_names=posting.with_names)
        letter = write_letter(source, attachment, note) if posting.recipients else None
        summary = source.report
    if letter is not None:
        for recipient in posting.recipients:
            ids.append(f"{posting.name}-{hashlib.sha256(recipient.encode()).hexdigest()[:8]}")
            outbox.put(ids[-1], Way.MAIL, build_message(ids[-1], posting.sender, recipient, letter))
    if posting.to_webhook:
        ids.append(f"{posting.name}-webhook")
        outbox.put(ids[-1], Way.WEBHOOK, build_body(ids[-1], summary))
    return ids


def _attach(
    engine: Engine, question: Question, posting: Posting, advice: Mapping[str, str]
) -> tuple[Attachment | None, str]:
    """Write what is attached; say so where it is too large."""
    if posting.output_format not in MEDIA_TYPES:
        return None, ""
    with tempfile.TemporaryDirectory(prefix="xray-report-") as folder:
        path = Path(folder) / f"xray-report-{question.period.since:%Y-%m-%d}.{posting.output_format}"
        write_report_to(engine, question, posting.output_format, path, advice, with_names=posting.with_names)
        if path.stat().st_size > MAX_ATTACHMENT_BYTES:
            return None, f"The report has {path.stat().st_size >> 20} MiB and is not attached."
        return Attachment(path.name, MEDIA_TYPES[posting.output_format], path.read_bytes()), ""
