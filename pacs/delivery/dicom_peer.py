"""Storage as SCU (PS3.4 annex B): one association for what is due."""

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.dicom.own_objects import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from installation.targets import Target
from pacs.answers.secondary_capture import SC_CLASS
from pacs.answers.structured_report import SR_CLASSES
from pacs.delivery.peers import Reply, TargetAwayError

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

    Raises
    ------
    TargetAwayError
        There is none: nobody answers, or we are not let in.
    """

    def __init__(self, target: Target, ae_title: str) -> None:
        self._target = target
        self._association = _associate(target, ae_title)
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


def _associate(target: Target, ae_title: str) -> "Association":
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
    association = entity.associate(target.host, target.port, contexts, ae_title=target.ae_title)
    if not association.is_established:
        raise TargetAwayError(_describe_refusal(association))
    return association


def _describe_refusal(association: "Association") -> str:
    if association.is_rejected:
        said = association.acceptor.primitive
        words = f" ({said.reason_str})" if said is not None and said.result else ""
        return f"the target refuses the association{words}"
    return "the target takes none of what we offer" if association.rejected_contexts else "nobody answers there"


def read_status(answer: Dataset) -> Reply:
    """Read the answer to a C-STORE; its status is one of PS3.4 B.2.3 and PS3.7 annex C."""
    status = int(answer.Status)
    said = str(answer.get("ErrorComment", "") or "")
    words = said or WARNINGS.get(status) or FAILURES.get(status & 0xFF00) or FAILURES.get(status & 0xF000, "")
    stored = status == SUCCESS or status in WARNINGS
    return Reply(stored, f"0x{status:04X}", words, refuses_class=status == REFUSED_CLASS)
