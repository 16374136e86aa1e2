"""The conformance statement says what the code offers."""

import re
from pathlib import Path

import pytest
from pydicom.uid import UID
from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS

from imaging.dicom.header import TRANSFER_SYNTAXES
from imaging.dicom.own_objects import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from installation.addresses import DEFAULT_LISTEN
from installation.receiving import FURTHER
from installation.settings import Settings
from pacs.receiving import services
from pacs.receiving.bounds import LONGEST_BYTES

STATEMENT = (Path(__file__).resolve().parents[3] / "docs" / "conformance.md").read_text()
RECEIVING = STATEMENT[STATEMENT.index("## What it receives") :]


def find_rows(first_heading: str) -> list[list[str]]:
    """Return the rows of the table whose first column is headed so."""
    table = re.search(rf"^\| {first_heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", RECEIVING, re.MULTILINE)
    assert table, first_heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


def test_the_sop_classes_are_those_that_are_accepted() -> None:
    stated = {uid: (name, taken) for name, uid, _syntaxes, taken in find_rows("SOP class")}
    assert stated.keys() == {context.abstract_syntax for context in services.build_contexts(FURTHER)}
    assert all(UID(uid).name == name for uid, (name, _) in stated.items())
    always = {context.abstract_syntax for context in services.build_contexts(())}
    assert {uid for uid, (_, taken) in stated.items() if taken == "always"} == always
    for word, sop_class in services.TAKEN_BY_SETTING.items():
        assert stated[sop_class][1] == f"`XRAY_LISTEN_ALSO={word}`"


def test_the_transfer_syntaxes_are_those_that_are_read() -> None:
    stated = {uid: name for name, uid in find_rows("transfer syntax")}
    assert stated == {uid: syntax.name for uid, syntax in TRANSFER_SYNTAXES.items()}
    for context in services.build_contexts(FURTHER)[1:]:
        assert list(context.transfer_syntax or []) == list(stated)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("Implementation Class UID", IMPLEMENTATION_CLASS_UID),
        ("Implementation Version Name", IMPLEMENTATION_VERSION_NAME),
        ("AE title", Settings().ae_title),
        ("port", DEFAULT_LISTEN.rpartition(":")[2]),
        ("Maximum Length Received", str(services.LONGEST_PDU_BYTES)),
        ("longest PDU that is read", str(LONGEST_BYTES)),
        (
            "associations at once",
            f"{Settings().listen_associations}, of one address {Settings().listen_associations_per_sender}",
        ),
        ("ARTIM, network and message time-out", f"{Settings().listen_seconds:g} s"),
        (
            "idle between two messages of an association",
            f"{Settings().listen_idle_seconds or Settings().listen_seconds:g} s",
        ),
        ("longest film", str(Settings().max_file_bytes)),
    ],
)
def test_what_is_said_of_associations_is_what_is_set(fact: str, value: str) -> None:
    stated = dict(find_rows("of"))
    assert re.fullmatch(rf"{re.escape(value)}(, by `XRAY_.*)?", stated[fact])


def test_every_status_is_stated_by_its_name() -> None:
    stated = {status: meaning for status, meaning, *_ in find_rows("status")}
    answered = (services.SUCCESS, services.OUT_OF_ROOM, services.OTHER_CLASS, services.NOT_WRITTEN)
    assert list(stated) == [f"{status:04X}" for status in answered]
    for status, meaning in stated.items():
        is_success = STORAGE_SERVICE_CLASS_STATUS[int(status, 16)][0] == "Success"
        assert (meaning == "Success") == is_success
