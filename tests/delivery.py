"""A mail server and a webhook for tests: real ones, with encryption and certificates of an authority of their own.

Import the fixtures by name where they are needed.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "reports", "correct horse"


@dataclass
class Mailbox:
    """What a mail server has taken, and how it answers: ``answers`` are used up one by one before it takes mails."""

    port: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        assert session.ssl is not None, "a mail came in clear text"
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((envelope.mail_from or "", envelope.rcpt_tos, content))
        return "250 taken"


@dataclass
class Webhook:
    """What a webhook has taken, and how it answers."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Give the file with the certificate of the authority."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def mail_server(authority: trustme.CA) -> Iterator[Mailbox]:
    """Run a mail server on localhost that demands STARTTLS and a login."""
    yield from _serve_mail(authority, "localhost")


@pytest.fixture
def other_mail_server(authority: trustme.CA) -> Iterator[Mailbox]:
    """Run one whose certificate is for another name."""
    yield from _serve_mail(authority, "elsewhere.example")


@pytest.fixture
def plain_mail_server() -> Iterator[Mailbox]:
    """Run one that offers no encryption."""
    mailbox = Mailbox()
    yield from _run(mailbox, Controller(mailbox, hostname="127.0.0.1", port=_find_port()))


@pytest.fixture
def webhook(authority: trustme.CA) -> Iterator[Webhook]:
    """Run an HTTPS server on localhost that keeps what is posted."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = hook.answers.pop(0) if hook.answers else 204
            if status < 300:
                hook.requests.append((dict(self.headers), body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    server.socket = _server_context(authority, "localhost").wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    hook.url = f"https://localhost:{server.server_port}/hook?key=1"
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


def _serve_mail(authority: trustme.CA, name: str) -> Iterator[Mailbox]:
    mailbox = Mailbox()

    def log_in(_a: SMTP, _b: Session, _c: Envelope, _d: str, data: LoginPassword) -> AuthResult:
        is_known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_known, handled=False)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=_find_port(),
        tls_context=_server_context(authority, name),
        require_starttls=True,
        auth_required=True,
        authenticator=log_in,
    )
    yield from _run(mailbox, controller)


def _run(mailbox: Mailbox, controller: Controller) -> Iterator[Mailbox]:
    mailbox.port = controller.port
    controller.start()
    yield mailbox
    controller.stop()


def _find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # the controller takes no port 0
        port: int = taken.getsockname()[1]
        return port


def _server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
