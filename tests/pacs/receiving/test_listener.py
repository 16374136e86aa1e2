"""Films by DICOM from real senders: each is safe in the inbox, or its sender hears that it is not."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import MPEG2MPML, ComputedRadiographyImageStorage
from pynetdicom import AE

from imaging.dicom.header import TRANSFER_SYNTAXES
from imaging.dicom.own_objects import IMPLEMENTATION_CLASS_UID
from imaging.phantoms.files import write_dicom_phantom
from tests.pacs.peers import DCMSEND, ECHOSCU, STORESCU, call, needs_dcmtk
from tests.pacs.receiving.conftest import Edge

pytestmark = [pytest.mark.acceptance, needs_dcmtk]

SMALL = {"rows": 64, "columns": 48}
SECONDARY_CAPTURE, PROCESSING = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.1.1.1"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    edge = Edge(tmp_path_factory.mktemp("edge"))
    edge.settings |= {
        "XRAY_STAT_AE_TITLE": "XRAY_STAT",
        "XRAY_ALLOW": "ROOM1@127.0.0.1,ROOM2@127.0.0.1/32,ROOM3@10.0.0.0/8",
        "XRAY_LISTEN_ALSO": "secondary-capture",
    }
    yield edge.start()
    if not edge.ended():
        edge.kill()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    write_dicom_phantom(tmp_path / "film.dcm", seed=1, **SMALL)
    return tmp_path / "film.dcm"


def test_a_film_lands_whole_under_a_name_of_ours_and_its_folder_names_the_sender(edge: Edge, film: Path) -> None:
    assert call(ECHOSCU, edge.port, "-aet", "ROOM1").returncode == 0
    assert call(STORESCU, edge.port, "-aet", "ROOM1", film).returncode == 0
    assert call(STORESCU, edge.port, "-aet", "ROOM2", film, called="XRAY_STAT").returncode == 0
    routine, stat = edge.films()
    assert (routine.parent, stat.parent) == (edge.inbox / "from-ROOM1", edge.inbox / "stat" / "from-ROOM2")
    sent, landed = pydicom.dcmread(film), pydicom.dcmread(routine)
    assert landed == sent
    assert landed.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert landed.file_meta.MediaStorageSOPInstanceUID == sent.SOPInstanceUID
    assert not edge.half_received()


@pytest.mark.parametrize(
    ("calling", "called", "says"),
    [
        ("ROOM1", "OTHER", "Called AE Title Not Recognized"),
        ("ROOM4", "XRAY", "Calling AE Title Not Recognized"),
        ("ROOM3", "XRAY", "Calling AE Title Not Recognized"),
    ],
)
def test_who_is_not_allowed_or_calls_another_is_refused_in_negotiation(
    edge: Edge, film: Path, calling: str, called: str, says: str
) -> None:
    landed = edge.films()
    answer = call(STORESCU, edge.port, "-aet", calling, film, called=called)
    assert answer.returncode != 0
    assert says in answer.stderr
    assert edge.films() == landed


def test_what_sends_answers_is_no_sender_of_films(edge: Edge) -> None:
    entity = AE("ROOM1")
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.add_requested_context(ComputedRadiographyImageStorage)
    assert entity.associate("127.0.0.1", edge.port, ae_title="XRAY").is_rejected
    assert "it is an xray-watch" in edge.said()


def test_an_address_that_nobody_may_call_from_is_hung_up_on_at_once(edge: Edge) -> None:
    with closing(edge.connect("127.0.0.2")) as connection, suppress(ConnectionError):
        connection.settimeout(5)
        assert connection.recv(1) == b""
    assert "hung up on 127.0.0.2: the address is not in XRAY_ALLOW" in edge.said()


def test_what_is_not_taken_is_refused_and_a_setting_takes_more(edge: Edge, tmp_path: Path) -> None:
    landed = len(edge.films())
    for sop_class, is_taken in ((PROCESSING, False), (SECONDARY_CAPTURE, True)):
        film = tmp_path / f"{sop_class}.dcm"
        write_dicom_phantom(film, seed=2, **SMALL, attributes={"SOPClassUID": sop_class})
        answer = call(STORESCU, edge.port, "-aet", "ROOM1", film)
        assert ("No presentation context" not in answer.stderr) == (answer.returncode == 0) == is_taken
    assert len(edge.films()) == landed + 1
    said = edge.said()
    assert "no film came from ROOM1, which was refused Digital X-Ray Image Storage - For Processing, " in said
    assert "which XRAY_LISTEN_ALSO=processing would take" in said
    assert said.count("class_refused") == 1, "not of what was proposed beside what was sent"


def test_every_transfer_syntax_that_is_read_is_accepted_and_no_other(edge: Edge) -> None:
    entity = AE("ROOM1")
    for uid in (*TRANSFER_SYNTAXES, MPEG2MPML, "1.2.840.10008.1.2.4.94"):
        entity.add_requested_context(ComputedRadiographyImageStorage, uid)
    association = entity.associate("127.0.0.1", edge.port, ae_title="XRAY")
    accepted = {context.transfer_syntax[0] for context in association.accepted_contexts}
    association.release()
    assert accepted == set(TRANSFER_SYNTAXES)


def test_a_second_listener_for_one_inbox_is_one_too_many_and_the_first_stops_when_asked(edge: Edge) -> None:
    with pytest.raises(AssertionError, match="another listener receives for the inbox"):
        Edge(edge.root).start()
    assert edge.stop() == 0


def test_at_the_disk_s_watermark_the_sender_hears_that_there_is_no_room(tmp_path: Path, film: Path) -> None:
    edge = Edge(tmp_path, {"XRAY_MIN_FREE_BYTES": str(1 << 60)}).start()
    report = tmp_path / "report.txt"
    answer = call(DCMSEND, edge.port, "+crf", report, film)
    assert edge.stop() == 0
    assert answer.returncode == 0  # of dcmsend, whatever became of the film: that stands in its report
    assert "0xa700" in report.read_text().lower()
    assert "no room on the disk" in edge.said()
    assert edge.films() == edge.half_received() == []
