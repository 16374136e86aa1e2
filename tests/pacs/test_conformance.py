from pathlib import Path

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.dicom.own_objects import (
    ANSWER_VERSION_NAME,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    MANUFACTURER,
    MODEL_NAME,
)
from inference.labels import LABELS, NOTICE, Outcome
from pacs.answers import codes
from pacs.answers.secondary_capture import SC_CLASS
from pacs.answers.structured_report import SR_CLASSES
from pacs.delivery import dicom_peer, web_peer

STATEMENT = (Path(__file__).resolve().parents[2] / "docs/conformance.md").read_text()


def test_the_statement_has_every_code_and_where_it_comes_from() -> None:
    rows = [line for line in STATEMENT.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{code.value}` | {code.scheme} | {code.meaning} | {code.source} |" for code in codes.ALL]


def test_the_statement_has_every_class_and_what_our_objects_are_known_by() -> None:
    said = (
        *SR_CLASSES,
        SC_CLASS,
        ANSWER_VERSION_NAME,
        IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION_NAME,
        MANUFACTURER,
        MODEL_NAME,
    )
    assert [each for each in (*said, NOTICE) if each not in STATEMENT] == []


def test_the_statement_has_what_is_offered_and_what_ends_a_delivery() -> None:
    sent = STATEMENT[STATEMENT.index("## What it sends") :]
    assert set(dicom_peer.OFFERED_CLASSES) == {*SR_CLASSES, SC_CLASS}
    assert (ExplicitVRLittleEndian, ImplicitVRLittleEndian) == dicom_peer.OFFERED_SYNTAXES
    assert f"| {', '.join(f'{status:04X}' for status in sorted(dicom_peer.WARNINGS))} | delivered, with" in sent
    assert set(dicom_peer.WARNINGS) == web_peer.WARNINGS
    assert f"| Maximum Length Received | {dicom_peer.PDU_BYTES} |" in sent
    seconds = f"{dicom_peer.CONNECT_SECONDS} s to connect and for the association, {dicom_peer.ANSWER_SECONDS} s for"
    assert seconds in sent


def test_every_label_and_outcome_has_its_codes() -> None:
    assert set(codes.PATTERNS) == set(codes.CONDITIONS) == set(LABELS)
    assert set(codes.OUTCOMES) == {*map(str, Outcome), "quarantined"}


def test_private_codes_are_marked_so_and_fit_their_attributes() -> None:
    for code in codes.ALL:
        assert (code.scheme == codes.PRIVATE_SCHEME) == code.source.startswith("private")
        assert len(code.value) <= 16
        assert len(code.meaning) <= 64
