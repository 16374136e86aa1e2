"""What a target may say, by real ones: each answer but success and a named warning is a failure, in its words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.events import EVT_C_STORE
from sqlalchemy import update

from installation.targets import Target, TargetSettings
from pacs.answers.structured_report import SR_CLASSES
from pacs.delivery.dicom_peer import OFFERED_CLASSES, WARNINGS, DicomPeer, read_status
from pacs.delivery.peers import Reply, TargetAwayError
from pacs.delivery.web_peer import read_answer
from store.ledger.deliveries import count_waiting
from store.states import DeliveryState, Priority
from store.tables import arrivals
from tests.pacs.delivery.hospitals import Hospital, Orthanc, run_storescp, wait_until
from tests.ports import find_free_port

# pynetdicom leaves the socket of a connection that failed to Python
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

# storescp takes of reports the older class alone, as many archives do
ONLY_COMPREHENSIVE = """[[TransferSyntaxes]]
[Uncompressed]
TransferSyntax1 = LocalEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[[PresentationContexts]]
[Old]
PresentationContext1 = ComprehensiveSRStorage\\Uncompressed
[[Profiles]]
[Default]
PresentationContexts = Old
"""
OTHER_UID = "2.25.1"


def say(status: int, comment: str = "") -> Dataset:
    said = Dataset()
    said.Status = status
    if comment:
        said.ErrorComment = comment
    return said


@contextmanager
def answer(status: int, comment: str = "", first: list[int] | None = None) -> Iterator[Target]:
    """Run a target that answers each object alike, after other answers to the first."""
    statuses = list(first or [])

    def reply(event: Any) -> Dataset:
        del event
        return say(statuses.pop(0) if statuses else status, comment)

    entity = ApplicationEntity("PEER")
    for uid in OFFERED_CLASSES:
        entity.add_supported_context(uid)
    port = find_free_port()
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(EVT_C_STORE, reply)])
    try:
        yield Target("PACS", "PEER", "127.0.0.1", port)
    finally:
        entity.shutdown()  # the connections too, of which a target may just have taken one
        server.server_close()


def deliver_to(hospital: Hospital, target: Target, kinds: str = "sr") -> None:
    hospital.settings = {
        "XRAY_TARGETS": f"PACS={target.ae_title}@{target.host}:{target.port}",
        "XRAY_DELIVER": kinds,
    }
    hospital.queue()


def states(hospital: Hospital) -> list[str]:
    return [each.state.value for each in hospital.list_deliveries()]


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB006, 0xB007])
def test_success_and_named_warnings_are_an_end(status: int) -> None:
    assert read_status(say(status)) == Reply(True, f"0x{status:04X}", WARNINGS.get(status, ""))


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC123, 0xB001, 0x0110, 0x0001])
def test_all_else_is_a_failure(status: int) -> None:
    assert not read_status(say(status)).stored
    assert read_status(say(status, "no room left")).words == "no room left"


def test_a_failure_goes_again_and_keeps_the_targets_words_meanwhile(hospital: Hospital) -> None:
    hospital.screen(1)
    with answer(0x0000, "no room left", [0xA700]) as target:
        deliver_to(hospital, target)
        with hospital.delivering_here():
            wait_until(lambda: hospital.list_deliveries()[0].last_status is not None, "it is refused")
            found = hospital.list_deliveries()[0]
            assert (found.state, found.last_status) == (DeliveryState.WAITING, "0xA700")
            assert found.last_words == "no room left"
            wait_until(lambda: states(hospital) == ["delivered"], "it is delivered in the end")
    assert hospital.list_deliveries()[0].attempts == 2


def test_a_target_that_takes_no_3d_reports_gets_the_older_class(hospital: Hospital, tmp_path: Path) -> None:
    hospital.screen(1)
    profile, port = tmp_path / "profile.cfg", find_free_port()
    profile.write_text(ONLY_COMPREHENSIVE)
    with run_storescp(tmp_path / "got", port, "-xf", str(profile), "Default"):
        deliver_to(hospital, Target("PACS", "ANY", "127.0.0.1", port))
        with hospital.delivering_here():
            wait_until(lambda: states(hospital) == ["delivered"], "it is delivered")
    (path,) = (tmp_path / "got").iterdir()
    (row,) = hospital.list_deliveries()
    assert dcmread(path).SOPClassUID == row.sop_class_uid == SR_CLASSES[1]
    assert dcmread(path).SOPInstanceUID == row.sop_instance_uid


def test_the_answer_of_a_stat_film_overtakes_the_others(hospital: Hospital) -> None:
    numbers = [hospital.screen(seed) for seed in (1, 2, 3)]
    with hospital.engine.begin() as connection:
        urgent = update(arrivals).where(arrivals.c.id == numbers[-1]).values(priority=Priority.STAT)
        connection.execute(urgent)
    with answer(0x0000) as target:
        deliver_to(hospital, target)
        with hospital.delivering_here():
            wait_until(lambda: states(hospital) == ["delivered"] * 3, "all are delivered")
    found = sorted(hospital.list_deliveries(), key=lambda each: str(each.delivered_at))
    assert [each.arrival_id for each in found] == [numbers[2], numbers[0], numbers[1]]


def test_nobody_there_is_said_and_waited_for(hospital: Hospital, tmp_path: Path) -> None:
    hospital.screen(1)
    port = find_free_port()
    deliver_to(hospital, Target("PACS", "ANY", "127.0.0.1", port))
    with hospital.delivering_here():
        wait_until(lambda: hospital.list_deliveries()[0].last_words, "nobody is there")
        with hospital.engine.connect() as connection:
            (facts,) = count_waiting(connection)
        assert facts.last_words == "nobody answers there"
        with run_storescp(tmp_path / "got", port):
            wait_until(lambda: states(hospital) == ["delivered"], "it is delivered")


def test_a_wrong_title_is_said_in_the_targets_words(orthanc: Orthanc) -> None:
    def call() -> str:
        with pytest.raises(TargetAwayError) as refusal:
            DicomPeer(Target("PACS", "NOBODY", "127.0.0.1", orthanc.dicom_port), "XRAY", TargetSettings())
        return str(refusal.value)

    # it hangs up as it refuses: on a busy machine that may be all that is heard
    wait_until(lambda: "refuses the association (Called AE title not recognised)" in call(), "its words are heard")


def test_a_refused_film_has_a_report_and_no_picture(hospital: Hospital, tmp_path: Path) -> None:
    hospital.screen(1, ViewPosition="LATERAL")
    hospital.screen(2)
    whole = (hospital.home / "processed/2.dcm").read_bytes()
    hospital.quarantine(whole[: len(whole) // 2])
    hospital.quarantine(b"no film at all", "text.bin")
    port = find_free_port()
    with run_storescp(tmp_path / "got", port):
        deliver_to(hospital, Target("PACS", "ANY", "127.0.0.1", port), "sr,sc")
        with hospital.delivering_here():
            wait_until(lambda: "waiting" not in states(hospital), "all have an end")
    assert sorted(states(hospital)) == ["delivered"] * 4 + ["no_study"]
    got = {dcmread(path).SOPInstanceUID for path in (tmp_path / "got").iterdir()}
    assert got == {each.sop_instance_uid for each in hospital.list_deliveries() if each.delivered_at}


def test_a_film_or_a_model_that_has_gone_is_said_and_waited_for(hospital: Hospital, tmp_path: Path) -> None:
    hospital.screen(1)
    film = hospital.home / "processed/1.dcm"
    aside = film.rename(tmp_path / "aside.dcm")
    with answer(0x0000) as target:
        deliver_to(hospital, target)
        with hospital.delivering_here():
            wait_until(lambda: hospital.list_deliveries()[0].last_words, "it is said")
            assert "neither in the home nor in its folder" in (hospital.list_deliveries()[0].last_words or "")
            aside.rename(film)
            wait_until(lambda: states(hospital) == ["delivered"], "it is delivered")


def test_no_word_of_a_patient_or_of_a_target_reaches_the_log(
    hospital: Hospital, caplog: pytest.LogCaptureFixture
) -> None:
    hospital.screen(1, PatientName="CANARY^NAME", PatientID="CANARY-ID")
    with answer(0xA700, "CANARY-ID is unknown here") as target:
        deliver_to(hospital, target)
        with caplog.at_level("DEBUG"), hospital.delivering_here():
            wait_until(lambda: hospital.list_deliveries()[0].last_status, "it is refused")
    assert "CANARY" in (hospital.list_deliveries()[0].last_words or "")
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({"00081199": [{"00081155": "2.25.7"}], "00081198": []}, True),  # an empty Failed SOP Sequence says nothing
        ({"00081199": [{"00081155": "2.25.7", "00081196": 0xB000}]}, True),
        ({"00081199": [{"00081155": "2.25.7", "00081196": 0xB001}]}, False),
        ({"00081199": [{"00081155": OTHER_UID}]}, False),
        ({"00081198": [{"00081155": "2.25.7", "00081197": 0xA700}]}, False),
        ({}, False),
    ],
)
def test_a_servers_answer_is_read_by_what_it_names_as_stored(said: dict[str, Any], *, stored: bool) -> None:
    def as_items(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kinds = {"00081155": "UI"}
        return [{tag: {"vr": kinds.get(tag, "US"), "Value": [value]} for tag, value in item.items()} for item in items]

    shown = {tag: {"vr": "SQ", "Value": as_items(items)} for tag, items in said.items()}
    assert read_answer(Dataset.from_json(json.dumps(shown)), "2.25.7").stored is stored
