"""STOW-RS (PS3.18 10.5): one request for each object."""

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydicom.dataset import Dataset

from installation.targets import Target, TargetSettings
from pacs.delivery.peers import Reply, TargetAwayError

if TYPE_CHECKING:
    from requests import Response

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
WHOLE_BYTES = 1 << 30  # in one piece: not every server takes chunks
WARNINGS = {0xB000, 0xB006, 0xB007}
REFUSED_CLASS = {0x0122, 0xA900}
REFUSED_CLASS_HTTP = (409, 415)
AWAY = (502, 503, 504)  # of a proxy whose server is away, and of a server that is busy


class WebPeer:
    """A DICOMweb server; who may sign its certificate, and which we show, stands in the settings."""

    def __init__(self, target: Target, trust: TargetSettings) -> None:
        from dicomweb_client.web import DICOMwebClient
        from requests import Session

        for noisy in ("dicomweb_client", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)
        parts = urlsplit(target.url)
        session = Session()
        session.trust_env = False  # neither proxies nor logins of whoever runs this
        session.verify = str(trust.targets_ca_file) if trust.targets_ca_file else True
        if trust.targets_certificate_file is not None:
            session.cert = str(trust.targets_certificate_file), str(trust.targets_key_file)
        if parts.username:
            session.auth = (unquote(parts.username), unquote(parts.password or ""))
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
        self._client = DICOMwebClient(url, session, chunk_size=WHOLE_BYTES, permissive_uid=True, timeout=timeout)
        self._client.set_http_retry_params(retry=False)
        self._session = session

    def find_class(self, sop_class_uids: Collection[str]) -> str | None:
        """Return the first: what a server refuses it says only when it is sent it."""
        return next(iter(sop_class_uids), None)

    def send(self, made: Dataset) -> Reply:
        """Send one object and return what the server said of it."""
        from requests.exceptions import ConnectionError as AwayError
        from requests.exceptions import HTTPError, RequestException, Timeout

        try:
            answer = self._client.store_instances([made])
        except HTTPError as error:
            return _read_refusal(error.response, str(made.SOPInstanceUID))
        except Timeout:
            raise TargetAwayError("no answer in time") from None
        except AwayError:
            raise TargetAwayError("nobody answers there, or its certificate is wrong") from None
        except RequestException as error:
            raise TargetAwayError(f"the request failed ({type(error).__name__})") from None
        return read_answer(answer, str(made.SOPInstanceUID))

    def close(self) -> None:
        """End the session."""
        self._session.close()


def read_answer(answer: Dataset, sop_instance_uid: str) -> Reply:
    """Read the server's answer: stored is what it names as stored, whatever its HTTP status was.

    Parameters
    ----------
    answer : Dataset
        The Store Instances Response Module, PS3.18 10.5.3; an empty Failed SOP Sequence says nothing.
    """
    for item in answer.get("FailedSOPSequence") or ():
        reason = int(item.get("FailureReason", 0) or 0)
        return Reply(False, f"0x{reason:04X}", "the server refuses it", refuses_class=reason in REFUSED_CLASS)
    for item in answer.get("ReferencedSOPSequence") or ():
        if str(item.get("ReferencedSOPInstanceUID", "")) == sop_instance_uid:
            reason = int(item.get("WarningReason", 0) or 0)
            words = "stored, with a warning" if reason else ""
            return Reply(reason in WARNINGS or not reason, f"0x{reason:04X}" if reason else "200", words)
    return Reply(False, "200", "the server answers, and does not name the object as stored")


def _read_refusal(response: "Response | None", sop_instance_uid: str) -> Reply:
    if response is None:
        raise TargetAwayError("the server gave no answer")
    status = response.status_code
    if status in AWAY:
        raise TargetAwayError(f"the server is away (HTTP {status})")
    if status in (401, 403):
        raise TargetAwayError(f"the server does not let us in (HTTP {status})")
    try:
        reply = read_answer(Dataset.from_json(response.json()), sop_instance_uid)
    except (ValueError, TypeError, AttributeError, KeyError):  # not every server says it as PS3.18 wants it
        return Reply(False, str(status), "the server refuses it", refuses_class=status in REFUSED_CLASS_HTTP)
    return reply if not reply.stored else Reply(False, str(status), "the server refuses it")
