"""Storage as SCU (PS3.4 annex B): one association for what is due."""

import logging
import ssl
from collections.abc import Collection
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.dicom.own_objects import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from installation.targets import Target, TargetSettings
from pacs.answers.secondary_capture import SC_CLASS
from pacs.answers.structured_report import SR_CLASSES
from pacs.delivery.peers import Reply, TargetAwayError
from pacs.tls import describe_fault, harden, show_certificate

if TYPE_CHECKING:
    from pynetdicom.association import Association

OFFERED_CLASSES = (*SR_CLASSES, SC_CLASS)
OFFERED_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
PDU_BYTES = 131_072
SUCCESS = 0x0000
WARNINGS = {
    0xB000: "stored; some of its elements were changed",
    0xB006: "stored; some of its elements were discarded",
    0xB007: "stored; it says that the data set does not match the SOP class",
}
"""The statuses beside success under which the object is stored, PS3.4 B.2.3."""
REFUSED_CLASS = 0x0122
FAILURES = {0xA700: "out of resources", 0xA900: "data set does not match SOP class", 0xC000: "cannot understand"}


class DicomPeer:
    """An association with a target.

    Parameters
    ----------
    target : Target
        Which.
    ae_title : str
        Ours.
    trust : TargetSettings
        Whose certificates are trusted, and our own, where the target has TLS.

    Raises
    ------
    TargetAwayError
        There is none: nobody answers, we are not let in, or its certificate is not trusted.
    """

    def __init__(self, target: Target, ae_title: str, trust: TargetSettings) -> None:
        self._association = _associate(target, ae_title, _build_tls(trust) if target.has_tls else None)
        self._taken = {str(context.abstract_syntax) for context in self._association.accepted_contexts}

    def find_class(self, sop_class_uids: Collection[str]) -> str | None:
        """Return the first of the SOP classes that was accepted in negotiation."""
        return next((uid for uid in sop_class_uids if uid in self._taken), None)

    def send(self, made: Dataset) -> Reply:
        """Send one object and return the status that the target gave."""
        if not self._association.is_established:
            raise TargetAwayError("the association has ended")
        try:
            answer = self._association.send_c_store(made)
        except RuntimeError:  # pynetdicom's, of an association that has just ended
            raise TargetAwayError("the association has ended") from None
        if "Status" not in answer:
            raise TargetAwayError("no answer: the target hung up, or took too long")
        return read_status(answer)

    def close(self) -> None:
        """Release the association."""
        if self._association.is_established:
            self._association.release()


def _build_tls(trust: TargetSettings) -> ssl.SSLContext:
    """Build what makes the connection secret, anew for each one: certificates are renewed."""
    try:
        context = ssl.create_default_context(cafile=trust.targets_ca_file)
        harden(context)
        if trust.targets_certificate_file is not None and trust.targets_key_file is not None:
            show_certificate(context, trust.targets_certificate_file, trust.targets_key_file)
    except (OSError, ValueError) as error:
        why = describe_fault(error)
        raise TargetAwayError(f"certificate, key or CA cannot be used: see XRAY_TARGETS_CA_FILE ({why})") from None
    return context


def _associate(target: Target, ae_title: str, context: ssl.SSLContext | None) -> "Association":
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.presentation import build_context

    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)  # it quotes what it sends
    entity = ApplicationEntity(ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.connection_timeout = entity.acse_timeout = CONNECT_SECONDS
    entity.dimse_timeout = entity.network_timeout = ANSWER_SECONDS
    entity.maximum_pdu_size = PDU_BYTES
    contexts = [build_context(uid, list(OFFERED_SYNTAXES)) for uid in OFFERED_CLASSES]
    tls = None if context is None else (context, target.host)
    association = entity.associate(target.host, target.port, contexts, ae_title=target.ae_title, tls_args=tls)
    if not association.is_established:
        raise TargetAwayError(_describe_refusal(association, has_tls=target.has_tls))
    return association


def _describe_refusal(association: "Association", *, has_tls: bool) -> str:
    if association.is_rejected:
        said = association.acceptor.primitive
        words = f" ({said.reason_str})" if said is not None and said.result else ""
        return f"the target refuses the association{words}"
    if association.rejected_contexts:
        return "the target takes none of what we offer"
    return "nobody answers there by TLS, or a certificate is not trusted" if has_tls else "nobody answers there"


def read_status(answer: Dataset) -> Reply:
    """Read the answer to a C-STORE; its status is one of PS3.4 B.2.3 and PS3.7 annex C."""
    status = int(answer.Status)
    said = str(answer.get("ErrorComment", "") or "")
    words = said or WARNINGS.get(status) or FAILURES.get(status & 0xFF00) or FAILURES.get(status & 0xF000, "")
    stored = status == SUCCESS or status in WARNINGS
    return Reply(stored, f"0x{status:04X}", words, refuses_class=status == REFUSED_CLASS)
