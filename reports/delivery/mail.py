"""One report as one mail, and its way to the mail server: encrypted, with the certificate checked, or not at all."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path

from reports.delivery.letter import Attachment, Letter
from reports.errors import DeliveryError, DeliverySettingsError

TIMEOUT_SECONDS = 30.0
FINAL_FROM = 500  # RFC 5321 4.2.1: 4yz may pass, 5yz will not


class Security(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server.

    Attributes
    ----------
    sender : str
        The address that reports come from.
    user, password : str or None
        None: the server asks for none.
    ca_file : Path or None
        Certificates of the authority that is trusted; None: the system's.
    """

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None


def check_address(text: str) -> str:
    """Return an address, or refuse what is none with a DeliverySettingsError."""
    try:
        address = Address(addr_spec=text.strip())
    except (MessageError, ValueError, IndexError):
        address = Address()
    if not address.username or not address.domain:
        raise DeliverySettingsError(f"{text[:60]!r} is no mail address; expected one such as radiology@example.org")
    return address.addr_spec


def build_message(parcel_id: str, sender: str, recipient: str, letter: Letter) -> bytes:
    """Write a mail as it is sent; its Message-ID is the parcel's, so that a mail which came twice is known as one."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = letter.subject
    message["From"], message["To"] = sender, recipient
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{parcel_id}@{Address(addr_spec=sender).domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    if letter.attachment is not None:
        _attach(message, letter.attachment)
    return message.as_bytes()


def send_message(content: bytes, settings: MailSettings) -> None:
    """Hand a mail to the server.

    Raises
    ------
    DeliveryError
        It was not taken; the message names no address.
    """
    message = BytesParser(policy=SMTP).parsebytes(content)
    try:
        with _connect(settings) as server:
            if settings.user is not None:
                server.login(settings.user, settings.password or "")
            server.sendmail(str(message["From"]), [address.addr_spec for address in message["To"].addresses], content)
    except smtplib.SMTPException as error:
        raise _as_delivery_error(error) from None
    except OSError as error:
        raise DeliveryError(f"the mail server cannot be reached: {_describe(error)}") from None


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    maintype, _, subtype = attachment.media_type.partition("/")
    message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=attachment.name)


@contextmanager
def _connect(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.security is Security.TLS:
        with smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_SECONDS, context=context) as server:
            yield server
        return
    with smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS) as server:
        if settings.security is Security.STARTTLS:
            server.starttls(context=context)  # raises where the server offers none: nothing is sent in clear text
        yield server


def _as_delivery_error(error: smtplib.SMTPException) -> DeliveryError:
    match error:
        case smtplib.SMTPRecipientsRefused():
            code = next((code for code, _ in error.recipients.values()), 0)
            return DeliveryError(f"the mail server refused the recipient ({code})", is_final=code >= FINAL_FROM)
        case smtplib.SMTPAuthenticationError():
            return DeliveryError(f"the mail server refused user or password ({error.smtp_code})", is_final=True)
        case smtplib.SMTPNotSupportedError():
            return DeliveryError("the mail server offers no encryption, or no login", is_final=True)
        case smtplib.SMTPResponseException():
            is_final = error.smtp_code >= FINAL_FROM
            return DeliveryError(f"the mail server refused the mail ({error.smtp_code})", is_final=is_final)
    return DeliveryError(f"the mail server broke off ({type(error).__name__})")


def _describe(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return error.strerror or str(error) or type(error).__name__
