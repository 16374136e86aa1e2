"""The page as others meet it over the network: strange hosts, large and slow requests, proxies, TLS, nginx."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.doors import build_doors
from installation.home import Home, prepare_home
from installation.installation import Installation
from store.access.users import add_user
from store.audit import find_events
from store.database import reading
from store.states import Role
from tests.installation.conftest import Install
from tests.needs import find_program
from tests.ports import find_free_port
from tests.web.conftest import HASH, PASSWORD
from tests.web.serving import serve
from web import server
from web.access import safety
from web.app import create_app
from web.errors import WebAddressError
from web.files import StaticFile, read_files

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20.0


def install_page(place: Home, install: Install, **settings: object) -> Installation:
    prepare_home(place)
    found = install(web=f"127.0.0.1:{find_free_port()}", **settings)
    found.upgrade_ledger()
    with found.ledger.begin() as connection:
        add_user(connection, "viewer", Role.VIEWER, HASH)
    return found


@pytest.fixture
def page(place: Home, install: Install, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(server, "READ_SECONDS", 0.5)
    monkeypatch.setattr(server, "IDLE_SECONDS", 2)
    monkeypatch.setattr(safety, "CHUNK_SECONDS", 0.5)
    with serve(install_page(place, install)) as url:
        yield url


def connect(url: str) -> socket.socket:
    host, _, port = url.rpartition("//")[2].rpartition(":")
    connection = socket.create_connection((host, int(port)), PATIENCE_SECONDS)
    connection.settimeout(PATIENCE_SECONDS)
    return connection


def read_to_the_end(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def test_other_names_are_refused(page: str) -> None:
    assert httpx.get(f"{page}/login").status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "", "evil.example:8080"):
        assert httpx.get(f"{page}/login", headers={"Host": host}).status_code == 421


def test_an_address_that_is_taken_is_said_once_and_announced_never(
    place: Home, install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    found, announced = install_page(place, install), []
    host, _, port = found.settings.web.rpartition(":")
    with socket.create_server((host, int(port))), pytest.raises(WebAddressError, match="name another with --address"):
        server.serve(create_app(found, build_doors(found)), found.settings, lambda: announced.append(1))
    assert (announced, caplog.messages) == ([], [])


def test_who_asks_for_the_head_alone_gets_it(page: str) -> None:
    answer, whole = httpx.head(f"{page}/login"), httpx.get(f"{page}/login")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == whole.headers["content-length"]


def test_who_never_finishes_the_head_of_a_request_is_cut_off(page: str) -> None:
    begun = time.monotonic()
    with connect(page) as silent, connect(page) as slow:
        slow.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        for _ in range(5):
            time.sleep(0.1)
            slow.sendall(b"X: y\r\n")
        assert read_to_the_end(silent) == b""
        assert read_to_the_end(slow) == b""
    assert time.monotonic() - begun < PATIENCE_SECONDS / 2
    assert httpx.get(f"{page}/healthz").text == "ok\n"


def test_who_sends_a_form_too_slowly_or_too_much_is_told(page: str) -> None:
    with connect(page) as slow:
        slow.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n")
        slow.sendall(b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=")
        assert read_to_the_end(slow).startswith(b"HTTP/1.1 408 ")
    answer = httpx.post(f"{page}/login", data={"username": "x" * (safety.MOST_BYTES + 1), "password": "y"})
    assert answer.status_code == 413


def ask_for_much(page: str, much: bytes, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    monkeypatch.setitem(read_files(), "much.txt", StaticFile(much, "text/plain", '"much"'))
    connection = connect(page)
    connection.sendall(b"GET /static/much.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    return connection


def test_who_does_not_read_is_cut_off_and_who_reads_slowly_is_not(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    much = bytes(16 << 20)
    with ask_for_much(page, much, monkeypatch) as deaf, ask_for_much(page, much, monkeypatch) as slow:
        received = 0
        while part := slow.recv(1 << 19):
            received += len(part)
            time.sleep(len(part) / 6e6)
        assert received > len(much)
        assert len(read_to_the_end(deaf)) < len(much)


def log_in(url: str, verify: ssl.SSLContext | bool = True, **headers: str) -> httpx.Response:
    data = {"username": "viewer", "password": PASSWORD}
    return httpx.post(f"{url}/login", data=data, headers=headers, verify=verify, timeout=PATIENCE_SECONDS)


def find_address_of_last_log_in(installation: Installation) -> str | None:
    from datetime import UTC, datetime, timedelta

    now = datetime.now(tz=UTC)
    with reading(installation.ledger) as connection:
        events = find_events(connection, now - timedelta(hours=1), now + timedelta(hours=1), 10)
    return next(event.address for event in events if event.action == "logged_in")


@pytest.mark.parametrize(
    ("proxies", "believed"), [("", "127.0.0.1"), ("10.9.9.9", "127.0.0.1"), ("127.0.0.1", "10.1.2.3")]
)
def test_a_proxy_is_believed_only_if_it_is_named(place: Home, install: Install, proxies: str, believed: str) -> None:
    found = install_page(place, install, web_proxies=proxies)
    forwarded = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https"}
    with serve(found) as url:
        answer = log_in(url, **forwarded)
    assert answer.status_code == 303
    assert find_address_of_last_log_in(found) == believed
    assert ("Secure" in answer.headers["set-cookie"]) == (believed == "10.1.2.3")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    openssl = find_program("openssl", "openssl")
    file, key = tmp_path / "page.pem", tmp_path / "page.key"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext {names} -keyout {key} -out {file}"
    subprocess.run([openssl, *words.split()], check=True, capture_output=True, timeout=60)
    return file, key


def test_tls_comes_from_two_files(place: Home, install: Install, certificate: tuple[Path, Path]) -> None:
    file, key = certificate
    found = install_page(place, install, web_certificate_file=file, web_key_file=key)
    with serve(found) as url:
        answer = log_in(url, ssl.create_default_context(cafile=str(file)))
        with connect(url) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert b"200 OK" not in read_to_the_end(plain)
    assert (answer.status_code, "Secure" in answer.headers["set-cookie"]) == (303, True)


def write_nginx(folder: Path, port: int, page_address: str, certificate: tuple[Path, Path]) -> Path:
    """Take the example as it stands in the documents, with the test's own ports, certificate and folders."""
    example = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/certs/xray.example.org.pem", str(certificate[0])),
        ("/etc/ssl/private/xray.example.org.key", str(certificate[1])),
        ("http://127.0.0.1:8080", f"http://{page_address}"),
        ("server_name xray.example.org", "server_name localhost"),
    ):
        assert old in example
        example = example.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\npid {folder / 'nginx.pid'};\nerror_log {folder / 'error.log'};\nevents {{}}\n"
        f"http {{\naccess_log off;\n{own}{example}\n}}\n"
    )
    return file


def test_the_example_for_nginx_serves_the_page(
    place: Home, install: Install, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    nginx = find_program("nginx", "nginx-light")
    found = install_page(place, install, web_proxies="127.0.0.1", web_hosts="localhost")
    port = find_free_port()
    file = write_nginx(tmp_path, port, found.settings.web, certificate)
    front, trusted = f"https://localhost:{port}", ssl.create_default_context(cafile=str(certificate[0]))
    with serve(found), subprocess.Popen([nginx, "-c", str(file), "-p", str(tmp_path)]) as process:
        try:
            answer = wait_for_answer(front, trusted)
            assert answer.headers["strict-transport-security"]
            assert "Secure" in log_in(front, trusted, **{"X-Forwarded-For": "10.6.6.6"}).headers["set-cookie"]
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
    assert find_address_of_last_log_in(found) == "127.0.0.1"


def wait_for_answer(url: str, verify: ssl.SSLContext) -> httpx.Response:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return httpx.get(f"{url}/login", verify=verify)
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)
