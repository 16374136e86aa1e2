"""Answers by TLS, to dcmtk's storescp: it shows its certificate and asks for ours, and nothing goes in the clear."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from installation.targets import Target, TargetSettings
from pacs.delivery.dicom_peer import DicomPeer
from pacs.delivery.peers import TargetAwayError
from tests.pacs.certificates import write_certificates
from tests.pacs.delivery.hospitals import Hospital, run_storescp, wait_until
from tests.pacs.delivery.test_peers import states
from tests.ports import find_free_port

# pynetdicom leaves the socket of a connection that failed to Python
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificates(tmp_path_factory.mktemp("keys"), "archive", "courier")


@pytest.fixture(autouse=True)
def _sockets_end_here() -> Iterator[None]:
    yield
    gc.collect()  # else a later test is warned of them


def ask_for_tls(keys: Path) -> list[str]:
    return ["+tls", f"{keys}/archive.key", f"{keys}/archive.pem", "+cf", f"{keys}/ca.pem"]


def trust(keys: Path, *, with_certificate: bool = True) -> TargetSettings:
    ours = {"targets_certificate_file": keys / "courier.pem", "targets_key_file": keys / "courier.key"}
    return TargetSettings(targets_ca_file=keys / "ca.pem", **(ours if with_certificate else {}))


@pytest.mark.acceptance
def test_an_answer_goes_by_tls_to_a_target_that_knows_us(hospital: Hospital, keys: Path, tmp_path: Path) -> None:
    hospital.screen(1)
    port = find_free_port()
    hospital.settings = {
        "XRAY_TARGETS": f"PACS=tls://ANY@127.0.0.1:{port}",
        "XRAY_DELIVER": "sr,sc",
        "XRAY_TARGETS_CA_FILE": f"{keys}/ca.pem",
        "XRAY_TARGETS_CERTIFICATE_FILE": f"{keys}/courier.pem",
        "XRAY_TARGETS_KEY_FILE": f"{keys}/courier.key",
    }
    hospital.queue()
    with run_storescp(tmp_path / "got", port, *ask_for_tls(keys)), hospital.delivering_here():
        wait_until(lambda: states(hospital) == ["delivered"] * 2, "both are delivered")
    assert len(list((tmp_path / "got").iterdir())) == 2


@pytest.mark.acceptance
def test_who_is_not_trusted_gets_nothing(keys: Path, tmp_path: Path) -> None:
    strangers = write_certificates(tmp_path / "strangers", "courier")
    port = find_free_port()
    named, misnamed = (Target("PACS", "ANY", host, port, has_tls=True) for host in ("127.0.0.1", "127.0.0.2"))
    with run_storescp(tmp_path / "got", port, *ask_for_tls(keys)):
        wait_until(lambda: is_reached(named, trust(keys)), "storescp answers")
        assert not is_reached(named, trust(strangers)), "a certificate that nobody we trust has signed"
        assert not is_reached(misnamed, trust(keys)), "a certificate of another host"
        assert not is_reached(named, trust(keys, with_certificate=False)), "we show none"
        assert not is_reached(Target("PACS", "ANY", "127.0.0.1", port), trust(keys)), "in the clear"
    assert not list((tmp_path / "got").iterdir())


def is_reached(target: Target, settings: TargetSettings) -> bool:
    try:
        DicomPeer(target, "XRAY", settings).close()
    except TargetAwayError:
        return False
    return True


def test_a_file_that_is_no_certificate_is_said_and_the_answer_waits(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("none")
    settings = TargetSettings(targets_ca_file=tmp_path / "no.pem")
    with pytest.raises(TargetAwayError, match="cannot be used: see XRAY_TARGETS_CA_FILE"):
        DicomPeer(Target("PACS", "ANY", "127.0.0.1", 1, has_tls=True), "XRAY", settings)
