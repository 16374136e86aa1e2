"""Answers in a real PACS, beside their films, by both ways."""

import signal
from pathlib import Path

import pytest

from store.ledger.deliveries import retry_deliveries
from store.states import DeliveryState
from tests.pacs.delivery.hospitals import Hospital, Orthanc, wait_until

# pynetdicom leaves the socket of a connection that failed to Python
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

CLASSES = {
    "1.2.840.10008.5.1.4.1.1.1.1": "film",
    "1.2.840.10008.5.1.4.1.1.88.34": "sr",
    "1.2.840.10008.5.1.4.1.1.7": "sc",
}


def all_delivered(hospital: Hospital, count: int) -> bool:
    found = hospital.list_deliveries()
    return len(found) == count and all(each.state is DeliveryState.DELIVERED for each in found)


@pytest.mark.parametrize("way", ["dicom", "web"])
def test_film_report_and_picture_stand_in_one_study(hospital: Hospital, orthanc: Orthanc, way: str) -> None:
    address = f"ORTHANC@127.0.0.1:{orthanc.dicom_port}"
    if way == "web":
        address = f"http://127.0.0.1:{orthanc.http_port}/dicom-web"
    hospital.settings = {"XRAY_TARGETS": f"PACS={address}", "XRAY_DELIVER": "sr,sc"}
    with hospital.delivering_here():
        wait_until(hospital.knows_target, "the target is known")
        hospital.screen(7)
        orthanc.ask("/instances", (hospital.home / "processed/7.dcm").read_bytes())
        wait_until(lambda: all_delivered(hospital, 2), "both are delivered")
    studies = orthanc.ask("/studies")
    assert len(studies) == 1
    instances = orthanc.list_instances()
    assert sorted(CLASSES[each["SOPClassUID"]] for each in instances) == ["film", "sc", "sr"]
    assert len({each["SeriesInstanceUID"] for each in instances}) == 3
    assert {each["PatientID"] for each in instances} == {"PHANTOM-000007"}


def test_sent_again_it_is_the_same_instance(hospital: Hospital, orthanc: Orthanc) -> None:
    hospital.settings = {"XRAY_TARGETS": f"PACS=ORTHANC@127.0.0.1:{orthanc.dicom_port}", "XRAY_DELIVER": "sr,sc"}
    hospital.screen(7)
    assert hospital.queue() == 2
    with hospital.delivering_here():
        wait_until(lambda: all_delivered(hospital, 2), "both are delivered")
        before = {each["SOPInstanceUID"] for each in orthanc.list_instances()}
        ids = [each.id for each in hospital.list_deliveries()]
        with hospital.engine.begin() as connection:
            assert retry_deliveries(connection, ids) == 2
        wait_until(lambda: all_delivered(hospital, 2), "both are delivered again")
    assert hospital.queue() == 0
    assert {each["SOPInstanceUID"] for each in orthanc.list_instances()} == before
    assert all(each.attempts == 2 for each in hospital.list_deliveries())


def test_nothing_is_lost_or_doubled_when_either_side_is_killed(
    hospital: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    hospital.settings = {"XRAY_TARGETS": f"PACS=ORTHANC@127.0.0.1:{orthanc.dicom_port}", "XRAY_DELIVER": "sr"}
    for seed in range(5):
        hospital.screen(seed)
    assert hospital.queue() == 5
    marks = tmp_path / "marks"
    marks.mkdir()
    armed = {"XRAY_TESTING": "1", "XRAY_FAULT_MARKS": str(marks)}
    for step in ("delivery_made", "delivery_sent"):
        with hospital.delivering(**armed, XRAY_FAULT_AT=step) as process:
            assert process.wait(60) == -signal.SIGKILL
    with hospital.delivering_here():
        wait_until(lambda: any(each.delivered_at for each in hospital.list_deliveries()), "one is delivered")
        orthanc.stop(signal.SIGKILL)
        orthanc.start()
        wait_until(lambda: all_delivered(hospital, 5), "all are delivered", 100)
    uids = [each["SOPInstanceUID"] for each in orthanc.list_instances()]
    assert sorted(uids) == sorted({each.sop_instance_uid for each in hospital.list_deliveries()})
    assert len(uids) == 5
