"""Films by TLS: as BCP 195 asks, with senders that show a certificate, and one who says nothing in the handshake."""

import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from imaging.phantoms.files import write_dicom_phantom
from pacs.receiving.errors import ListenError
from pacs.receiving.tls import build_tls
from tests.pacs.certificates import write_certificates
from tests.pacs.peers import ECHOSCU, STORESCU, call, needs_dcmtk
from tests.pacs.receiving.conftest import Edge

SECONDS = 2.0


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a CA, a listener's certificate, and a sender's."""
    return write_certificates(tmp_path_factory.mktemp("keys"), "listener", "sender")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Edge]:
    edge = Edge(tmp_path_factory.mktemp("edge"))
    edge.settings |= {
        "XRAY_LISTEN_SECONDS": str(SECONDS),
        "XRAY_LISTEN_CERTIFICATE_FILE": str(keys / "listener.pem"),
        "XRAY_LISTEN_KEY_FILE": str(keys / "listener.key"),
        "XRAY_LISTEN_CLIENT_CA_FILE": str(keys / "ca.pem"),
    }
    yield edge.start()
    edge.kill()


def identify(keys: Path) -> list[str | Path]:
    return ["+tls", keys / "sender.key", keys / "sender.pem", "+cf", keys / "ca.pem"]


@pytest.mark.acceptance
@needs_dcmtk
def test_a_film_comes_by_tls_while_others_are_silent_in_their_handshake(edge: Edge, keys: Path, tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "film.dcm", seed=1, rows=640, columns=480)
    silent = [edge.connect() for _ in range(5)]
    began = time.monotonic()
    assert call(STORESCU, edge.port, *identify(keys), tmp_path / "film.dcm").returncode == 0
    assert len(edge.films()) == 1
    for connection in silent:
        with closing(connection), suppress(ConnectionError):
            connection.settimeout(20)
            assert connection.recv(1) == b""
    assert time.monotonic() - began < SECONDS + 5
    assert "no TLS handshake within" in edge.said()


@pytest.mark.acceptance
@needs_dcmtk
def test_without_tls_or_without_a_certificate_nobody_comes_in(edge: Edge, keys: Path, tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "film.dcm", seed=1, rows=64, columns=48)
    landed = edge.films()
    anonymous = ["+tla", "+cf", keys / "ca.pem"]
    assert call(STORESCU, edge.port, tmp_path / "film.dcm").returncode != 0
    assert call(STORESCU, edge.port, *anonymous, tmp_path / "film.dcm").returncode != 0
    assert edge.films() == landed
    assert call(ECHOSCU, edge.port).returncode != 0


@pytest.mark.acceptance
def test_old_tls_is_refused(edge: Edge, keys: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(keys / "ca.pem")
    context.load_cert_chain(keys / "sender.pem", keys / "sender.key")
    context.set_ciphers("AES128-SHA:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with closing(edge.connect()) as connection, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(connection, server_hostname="127.0.0.1")


def test_a_certificate_that_cannot_be_used_is_one_clear_line(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(ListenError, match="cannot be used for TLS"):
        build_tls(tmp_path / "no.pem", keys / "listener.key", None)
    with pytest.raises(ListenError, match="cannot be used for TLS"):
        build_tls(keys / "listener.pem", keys / "sender.key", None)


def test_what_is_built_knows_tls_1_2_and_1_3_alone_and_asks_for_certificates(keys: Path) -> None:
    context = build_tls(keys / "listener.pem", keys / "listener.key", keys / "ca.pem")
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert all("GCM" in cipher["name"] or "CHACHA20" in cipher["name"] for cipher in context.get_ciphers())
