"""Callers who want to take memory, places or time: they are cut off, and others are served meanwhile."""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pydicom
import pytest
from pynetdicom import AE, evt
from pynetdicom.association import Association

from imaging.phantoms.files import write_dicom_phantom
from selftest.site import wait_until
from tests.pacs.peers import STORESCU, call, needs_dcmtk
from tests.pacs.receiving.conftest import Edge

pytestmark = [pytest.mark.acceptance, needs_dcmtk]

SECONDS = 2.0  # instead of 14
STRANGER = "127.0.0.2"  # an address of its own, as another machine would have
ALLOWED_MIB = 20
VERIFICATION = "1.2.840.10008.1.1"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
COMMAND, LAST_COMMAND, DATA, LAST_DATA = 0x01, 0x03, 0x00, 0x02  # PS3.8 E.2


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    edge = Edge(tmp_path_factory.mktemp("edge"))
    edge.settings |= {"XRAY_LISTEN_SECONDS": str(SECONDS), "XRAY_MAX_FILE_BYTES": str(1 << 20)}
    yield edge.start()
    edge.kill()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.dcm"
    write_dicom_phantom(path, seed=1, rows=64, columns=48, attributes={"PatientName": "CANARY^PATIENT"})
    return path


@pytest.fixture(autouse=True)
def no_harm(edge: Edge, film: Path) -> Iterator[None]:
    """Hold for every caller: little memory, and afterwards the listener serves as before."""
    assert call(STORESCU, edge.port, film).returncode == 0
    before, landed = edge.memory_mib(), len(edge.films())
    yield
    assert call(STORESCU, edge.port, film).returncode == 0
    assert len(edge.films()) > landed
    assert edge.memory_mib() - before <= ALLOWED_MIB
    assert "CANARY" not in edge.said()


def wait_for_the_end(connection: socket.socket, seconds: float) -> float:
    """Return after how many seconds the listener has hung up."""
    began = time.monotonic()
    connection.settimeout(seconds)
    with suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return time.monotonic() - began


def test_a_pdu_of_four_gibibytes_costs_nothing(edge: Edge) -> None:
    with closing(edge.connect(STRANGER)) as connection:
        connection.sendall(b"\x01\x00\xff\xff\xff\xff")
        piece = bytes(1 << 20)
        with suppress(ConnectionError):
            for _ in range(600):
                connection.sendall(piece)
        assert wait_for_the_end(connection, 10) < SECONDS
    assert "a PDU is announced with 4,294,967,295 bytes" in edge.said()


def test_who_writes_a_byte_now_and_then_is_cut_off(edge: Edge, film: Path) -> None:
    with closing(edge.connect(STRANGER)) as connection:
        began = time.monotonic()
        connection.sendall(b"\x01\x00\x00\x00\x10\x00")
        served = call(STORESCU, edge.port, film)
        with suppress(ConnectionError):
            while time.monotonic() - began < 5 * SECONDS:
                connection.sendall(b"x")
                time.sleep(0.2)
        assert SECONDS - 1 < time.monotonic() - began < SECONDS + 3
    assert served.returncode == 0


def test_who_says_nothing_is_cut_off(edge: Edge, film: Path) -> None:
    with closing(edge.connect(STRANGER)) as connection:
        assert call(STORESCU, edge.port, film).returncode == 0
        assert wait_for_the_end(connection, 30) < SECONDS + 3


def test_who_is_silent_in_an_association_is_cut_off(edge: Edge) -> None:
    with associated(edge) as association:
        began = time.monotonic()
        wait_until(lambda: not association.is_established, what="an end of silence", seconds=30)
        assert time.monotonic() - began < SECONDS + 3


def test_who_is_idle_between_films_is_waited_for_where_the_site_says_so_and_not_in_a_film(
    tmp_path: Path, film: Path
) -> None:
    patient = Edge(tmp_path)
    patient.settings |= {"XRAY_LISTEN_SECONDS": "1", "XRAY_LISTEN_IDLE_SECONDS": "600"}
    patient.start()
    try:
        with associated(patient) as association:
            time.sleep(2.5)
            assert association.send_c_store(pydicom.dcmread(film)).Status == 0x0000
            time.sleep(2.5)
            assert association.send_c_store(pydicom.dcmread(film)).Status == 0x0000
            began = time.monotonic()
            send_piece(association, LAST_COMMAND, write_command("1.2.3"))
            wait_until(lambda: not association.is_established, what="an end of half a film", seconds=20)
            assert time.monotonic() - began < 5
        assert len(patient.films()) == 2
    finally:
        patient.kill()


def test_two_hundred_connections_of_one_stranger_shut_out_nobody(edge: Edge, film: Path) -> None:
    with ExitStack() as strangers:
        for _ in range(200):
            strangers.enter_context(closing(edge.connect(STRANGER)))
        assert call(STORESCU, edge.port, film).returncode == 0
    assert "too many connections" in edge.said()


@contextmanager
def associated(edge: Edge) -> Iterator[Association]:
    """Be a stranger with an association, and leave nothing open however it ends."""
    entity = AE("STRANGER")
    entity.add_requested_context(DX, pydicom.uid.ExplicitVRLittleEndian)
    entity.maximum_pdu_size = 0
    association = entity.associate("127.0.0.1", edge.port, ae_title="XRAY", bind_address=(STRANGER, 0))
    assert association.is_established
    assert association.dul.socket is not None
    line = association.dul.socket.socket
    assert line is not None
    with closing(line):
        yield association
        association.abort()


def send_piece(association: Association, control: int, content: bytes) -> None:
    """Send one fragment of a message in a PDU of its own, PS3.8 9.3.5."""
    (context,) = association.accepted_contexts
    value = bytes((context.context_id or 0, control)) + content
    item = len(value).to_bytes(4, "big") + value
    line = association.dul.socket
    assert line is not None
    assert line.socket is not None
    line.socket.sendall(b"\x04\x00" + len(item).to_bytes(4, "big") + item)


def write_command(sop_instance_uid: str) -> bytes:
    """Return the command of a C-STORE, PS3.7 9.3.1.1."""

    def element(number: int, value: bytes) -> bytes:
        return b"\x00\x00" + number.to_bytes(2, "little") + len(value).to_bytes(4, "little") + value

    def text(value: str) -> bytes:
        return value.encode() + b"\0" * (len(value) % 2)

    one, zero = b"\x01\x00", b"\x00\x00"
    content = element(0x0002, text(DX)) + element(0x0100, one) + element(0x0110, one)
    content += element(0x0700, zero) + element(0x0800, zero) + element(0x1000, text(sop_instance_uid))
    return element(0x0000, len(content).to_bytes(4, "little")) + content


@pytest.mark.parametrize(("begins_with", "control", "says"), [
    (b"", COMMAND, "a command of more than"),
    (b"", DATA, "a command of more than"),
    (write_command("1.2.3"), DATA, "a message of more than"),
])  # fmt: skip
def test_fragments_without_end_come_to_an_end(edge: Edge, begins_with: bytes, control: int, says: str) -> None:
    with associated(edge) as association:
        with suppress(OSError, AssertionError):  # cut off meanwhile, and our own end closed too
            if begins_with:
                send_piece(association, LAST_COMMAND, begins_with)
            for _ in range(200):
                send_piece(association, control, bytes(60_000))
                time.sleep(0.002)
        wait_until(lambda: not association.is_established, what="an end of fragments", seconds=30)
    assert says in edge.said()
    wait_until(lambda: not edge.half_received(), what="a tidy disk", seconds=60)


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_a_uid_never_becomes_a_path(edge: Edge, film: Path) -> None:
    evil = "../../../../../../../../tmp/xray-evil"
    dataset = pydicom.dcmread(film)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = evil
    landed = set(edge.films())
    with associated(edge) as association:
        assert association.send_c_store(dataset).Status == 0x0000
    (found,) = set(edge.films()) - landed
    assert found.parent == edge.inbox / "from-STRANGER"
    assert pydicom.dcmread(found).SOPInstanceUID == evil
    assert not Path("/tmp/xray-evil").exists()
    assert not list(edge.root.rglob("*evil*"))


def test_another_class_than_was_agreed_is_not_taken(edge: Edge) -> None:
    landed = edge.films()
    other = b"1.2.840.10008.5.1.4.1.1.2".ljust(len(DX), b"\0")
    with associated(edge) as association:
        send_piece(association, LAST_COMMAND, write_command("1.2.3").replace(DX.encode(), other))
        send_piece(association, LAST_DATA, bytes(100))
        wait_until(lambda: "status A900" in edge.said(), what="a refusal", seconds=20)
    assert edge.films() == landed


def record_conversation(edge: Edge, film: Path) -> list[bytes]:
    """Return what a well-behaved sender sends: a request, C-ECHO, C-STORE and a release."""
    said: list[bytes] = []
    entity = AE("STRANGER")
    for sop_class in (DX, VERIFICATION):
        entity.add_requested_context(sop_class, pydicom.uid.ExplicitVRLittleEndian)
    handlers = [(evt.EVT_DATA_SENT, lambda event: said.append(event.data))]
    association = entity.associate("127.0.0.1", edge.port, ae_title="XRAY", evt_handlers=handlers)
    assert association.send_c_echo().Status == association.send_c_store(pydicom.dcmread(film)).Status == 0
    association.release()
    return said


def speak(edge: Edge, parts: list[bytes], stranger: int = 2) -> bytes:
    """Say one part after the other, and return what is answered to the first."""
    answers = []
    with suppress(OSError), closing(edge.connect(f"127.0.0.{stranger}")) as connection:
        connection.settimeout(1.0)
        for part in parts:
            connection.sendall(part)
            answers.append(connection.recv(4096))
            connection.settimeout(0.02)
    return answers[0] if answers else b""


@pytest.mark.parametrize("calling", [b" " * 16, b"\0" * 16, b"\xff" * 16, b"A\\B".ljust(16), b"A\nB".ljust(16)])
def test_a_request_by_nobody_is_never_accepted(edge: Edge, film: Path, calling: bytes) -> None:
    request, *_ = record_conversation(edge, film)
    assert speak(edge, [request])[:1] == b"\x02"
    assert speak(edge, [request.replace(b"STRANGER".ljust(16), calling)])[:1] != b"\x02"


def test_damaged_conversations_end_and_leave_nothing_behind(edge: Edge, film: Path) -> None:
    said, chance = record_conversation(edge, film), random.Random(1)
    for number in range(80):
        parts = [bytearray(part) for part in said]
        for part in chance.sample(parts, 2):
            place = chance.randrange(len(part))
            part[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(1, 20))
        speak(edge, [bytes(part) for part in parts], stranger=2 + number)
    wait_until(lambda: edge.count_threads() < 6, what="an end of all threads", seconds=30)
