"""Films by DICOM from real senders: each is safe in the inbox, or its sender hears that it is not."""

from pathlib import Path

import pydicom
import pytest

from imaging.phantoms.files import write_dicom_phantom
from tests.pacs.peers import DCMSEND, ECHOSCU, STORESCU, call, needs_dcmtk
from tests.pacs.receiving.conftest import Edge

pytestmark = [pytest.mark.acceptance, needs_dcmtk]

SMALL = {"rows": 64, "columns": 48}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    write_dicom_phantom(tmp_path / "film.dcm", seed=1, **SMALL)
    return tmp_path / "film.dcm"


def test_a_film_lands_whole_under_a_name_of_ours_and_its_folder_names_the_sender(edge: Edge, film: Path) -> None:
    edge.settings["XRAY_STAT_AE_TITLE"] = "XRAY_STAT"
    edge.start()
    assert call(ECHOSCU, edge.port).returncode == 0
    assert call(STORESCU, edge.port, "-aet", "ROOM1", film).returncode == 0
    assert call(STORESCU, edge.port, "-aet", "ROOM2", film, called="XRAY_STAT").returncode == 0
    routine, stat = edge.films()
    assert (routine.parent, stat.parent) == (edge.inbox / "from-ROOM1", edge.inbox / "stat" / "from-ROOM2")
    sent, landed = pydicom.dcmread(film), pydicom.dcmread(routine)
    assert landed == sent
    assert landed.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert landed.file_meta.MediaStorageSOPInstanceUID == sent.SOPInstanceUID
    assert not edge.half_received()
    assert edge.stop() == 0


@pytest.mark.parametrize(
    ("settings", "words", "called", "says"),
    [
        ({}, [], "OTHER", "Called AE Title Not Recognized"),
        ({"XRAY_ALLOW": "ROOM1@127.0.0.1"}, ["-aet", "ROOM2"], "XRAY", "Calling AE Title Not Recognized"),
        ({"XRAY_ALLOW": "ROOM1@10.0.0.0/8"}, ["-aet", "ROOM1"], "XRAY", "Peer aborted Association"),
    ],
)
def test_who_is_not_allowed_or_calls_another_is_refused_in_negotiation(
    edge: Edge, film: Path, settings: dict[str, str], words: list[str], called: str, says: str
) -> None:
    edge.settings |= settings
    edge.start()
    answer = call(STORESCU, edge.port, *words, film, called=called)
    assert answer.returncode != 0
    assert says in answer.stderr
    assert "caller_refused" in edge.said()
    assert edge.films() == []


def test_what_is_not_taken_is_refused_and_a_setting_takes_more(edge: Edge, tmp_path: Path) -> None:
    secondary = tmp_path / "secondary.dcm"
    write_dicom_phantom(secondary, seed=2, **SMALL, attributes={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"})
    edge.start()
    refused = call(STORESCU, edge.port, secondary)
    assert "No presentation context" in refused.stderr
    assert edge.stop() == 0
    edge.settings["XRAY_LISTEN_ALSO"] = "secondary-capture"
    edge.start()
    assert call(STORESCU, edge.port, secondary).returncode == 0
    assert len(edge.films()) == 1


def test_at_the_disk_s_watermark_the_sender_hears_that_there_is_no_room(edge: Edge, film: Path) -> None:
    edge.settings["XRAY_MIN_FREE_BYTES"] = str(1 << 60)
    edge.start()
    report = edge.root / "report.txt"
    answer = call(DCMSEND, edge.port, "+crf", report, film)
    assert answer.returncode == 0  # of dcmsend; its report says what became of the film
    assert "A700" in report.read_text() or "Refused" in report.read_text()
    assert "no room on the disk" in edge.said()
    assert edge.films() == edge.half_received() == []


def test_two_listeners_for_one_inbox_are_one_too_many(edge: Edge) -> None:
    edge.start()
    other = Edge(edge.root)
    with pytest.raises(AssertionError, match="another listener receives for the inbox"):
        other.start()
