import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest

from reports.delivery.webhook import WebhookSettings, check_url, post_summary
from reports.errors import DeliveryError, DeliverySettingsError
from tests.delivery import Webhook

BODY = json.dumps({"summary": {"arrived": 1}}).encode()
SECRET = "shared"


def verify(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As the README tells receivers."""
    timestamp = headers["X-Xray-Watch-Timestamp"]
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_genuine = hmac.compare_digest(headers["X-Xray-Watch-Signature"], f"sha256={expected}")
    return is_genuine and abs(time.time() - int(timestamp)) < 300


def test_a_summary_arrives_and_its_signature_holds_for_it_alone(webhook: Webhook, ca_file: Path) -> None:
    post_summary(BODY, WebhookSettings(webhook.url, SECRET, ca_file))
    ((headers, body),) = webhook.requests
    assert body == BODY
    assert verify(headers, body, SECRET)
    assert not verify(headers, body + b" ", SECRET)
    assert not verify(headers, body, "another")
    assert not verify({**headers, "X-Xray-Watch-Timestamp": "1"}, body, SECRET)


def test_a_certificate_that_is_not_trusted_gets_nothing(webhook: Webhook) -> None:
    with pytest.raises(DeliveryError, match="not trusted"):
        post_summary(BODY, WebhookSettings(webhook.url, SECRET))
    assert webhook.requests == []


@pytest.mark.parametrize(("status", "is_final"), [(503, False), (429, False), (404, True), (302, True)])
def test_an_answer_says_whether_trying_again_helps_and_redirects_are_not_followed(
    webhook: Webhook, ca_file: Path, status: int, is_final: bool
) -> None:
    webhook.answers.append(status)
    with pytest.raises(DeliveryError, match=str(status)) as found:
        post_summary(BODY, WebhookSettings(webhook.url, SECRET, ca_file))
    assert found.value.is_final is is_final
    assert webhook.requests == []


@pytest.mark.parametrize("url", ["", "host/path", "ftp://host/", "https://", "https://host:x/", "https://host/a b"])
def test_what_is_no_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(DeliverySettingsError, match=r"^XRAY_WEBHOOK_URL is no URL; expected https://host/path$"):
        check_url(url)
