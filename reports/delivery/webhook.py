"""A JSON summary to a webhook, signed so that the receiver knows who sent it, and when."""

import hmac
import json
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from inference.labels import NOTICE
from reports.errors import DeliveryError, DeliverySettingsError
from reports.figures.report import Report
from reports.figures.summary import summary_to_json

SCHEMA = 1
TIMEOUT_SECONDS = 30.0
TIMESTAMP_HEADER = "X-Xray-Watch-Timestamp"
SIGNATURE_HEADER = "X-Xray-Watch-Signature"
TAKEN = range(200, 300)
LATER = (408, 425, 429, *range(500, 600))


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where a summary is sent.

    Attributes
    ----------
    secret : str
        Shared with the receiver.
    ca_file : Path or None
        Certificates of the authority that is trusted; None: the system's.
    """

    url: str
    secret: str
    ca_file: Path | None = None


def build_body(parcel_id: str, report: Report) -> bytes:
    """Write what is sent: sums and reasons, and nothing of a single file."""
    period = report.question.period
    body = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "delivery": parcel_id,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "made_at": report.made_at.isoformat(),
        "summary": summary_to_json(report.summary),
        "reasons": [
            {"part": each.part.value, "reason_code": each.reason_code, "count": each.count} for each in report.reasons
        ],
    }
    return json.dumps(body).encode()


def sign(body: bytes, timestamp: int, secret: str) -> str:
    """Return ``sha256=`` and the HMAC (RFC 2104) of ``TIMESTAMP.BODY``, in hex."""
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()


def post_summary(body: bytes, settings: WebhookSettings) -> None:
    """Send a summary; redirects are not followed, since they would lead what is signed elsewhere.

    Raises
    ------
    DeliveryError
        It was not taken.
    """
    url, timestamp = check_url(settings.url), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "xray-watch",
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(body, timestamp, settings.secret),
    }
    connection = _connect(url, settings.ca_file)
    try:
        connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), body, headers)
        status = connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(f"the webhook's certificate is not trusted ({error.verify_message})") from None
    except (OSError, HTTPException) as error:
        described = getattr(error, "strerror", None) or type(error).__name__
        raise DeliveryError(f"the webhook cannot be reached: {described}") from None
    finally:
        connection.close()
    if status not in TAKEN:
        raise DeliveryError(f"the webhook answered {status}", is_final=status not in LATER)


def check_url(text: str) -> SplitResult:
    """Take a URL apart, or refuse what is none with a DeliverySettingsError; it may hold a token and is not shown."""
    try:
        url = urlsplit(text)
        is_good = url.scheme in ("https", "http") and bool(url.hostname) and url.port != 0 and text.isascii()
    except ValueError:
        is_good = False
    if not is_good or any(sign.isspace() for sign in text):
        raise DeliverySettingsError("XRAY_WEBHOOK_URL is no URL; expected https://host/path")
    return url


def _connect(url: SplitResult, ca_file: Path | None) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=ca_file)
        return HTTPSConnection(host, url.port, timeout=TIMEOUT_SECONDS, context=context)
    return HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS)
