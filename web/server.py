"""Serving the page: uvicorn in this process, bound to one address, with slow clients cut off."""

import asyncio
import logging
from collections.abc import Callable
from socket import socket

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from installation.installation import Installation
from installation.neighbours import describe_neighbours
from installation.settings import Settings
from store.access.users import has_users
from store.database import reading
from web.errors import NoUserError, WebAddressError

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 256
IDLE_SECONDS = 15
HEAD_SECONDS = 10.0
READ_SECONDS = 20.0
STOP_SECONDS = 5
FIRST_USER = "nobody could log in yet: add a user first, with 'xray-cli user add NAME --role admin'"


class BoundedProtocol(H11Protocol):
    """Cuts off whoever does not bring a whole head of a request in time, or does not read what was asked for.

    uvicorn waits for both without end: an answer that nobody reads stays in memory, also when it closes the connection.
    """

    _patience: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; once its head is whole, sizes and times are ``web.access.safety``'s matter."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._expect_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._stop_watching()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to look whether what has been written is read."""
        super().pause_writing()
        self._expect_reader()

    def resume_writing(self) -> None:
        """Go on, since it was read."""
        self._stop_watching()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing more is asked for; not while its answer is still being read."""
        if self._reading is not None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        elif self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _expect_reader(self) -> None:
        self._reading = self.loop.call_later(READ_SECONDS, self._look_at_reader, self.transport.get_write_buffer_size())

    def _look_at_reader(self, unread_bytes: int) -> None:
        if self.transport.get_write_buffer_size() >= unread_bytes:
            self.transport.abort()
        else:  # a slow line
            self._expect_reader()

    def _stop_watching(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _expect_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self._cut)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _cut(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def check_users(installation: Installation) -> None:
    """Refuse to serve a page into which nobody could log in; it never runs open.

    Raises
    ------
    NoUserError
        There is no user, or no ledger yet; adding the first user makes one.
    """
    if installation.settings.keeps_own_ledger and not installation.has_ledger:
        elsewhere = describe_neighbours(installation.home)
        raise NoUserError(f"{FIRST_USER} ({elsewhere})" if elsewhere else FIRST_USER)
    with reading(installation.ledger) as connection:
        if not has_users(connection):
            raise NoUserError(FIRST_USER)


class _AnnouncedServer(uvicorn.Server):
    """Says that it serves once it does, and leaves it to us to say that it cannot."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Take the address."""
        said_by_uvicorn = logging.getLogger("uvicorn.error")
        said_by_uvicorn.setLevel(logging.CRITICAL)  # that the address is taken, which `serve` says
        await super().startup(sockets)
        said_by_uvicorn.setLevel(logging.WARNING)
        self._announce()


def serve(app: FastAPI, settings: Settings, announce: Callable[[], None]) -> None:
    """Serve until a signal says stop.

    Parameters
    ----------
    announce : Callable
        Called once the address is ours.

    Raises
    ------
    WebAddressError
        The address is taken, or none of this machine.
    """
    server = _AnnouncedServer(build_config(app, settings), announce)
    try:
        server.run()
    except SystemExit:
        if server.started:
            raise
        message = (
            f"the page cannot be served at {settings.web}: that address is taken, or not one of this machine; "
            "name another with --address or XRAY_WEB"
        )
        raise WebAddressError(message) from None


def build_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn serves: what it believes of proxies, what it waits for, and what it says of itself."""
    host, _, port = settings.web.rpartition(":")
    proxies = [name.strip() for name in settings.web_proxies.split(",") if name.strip()]
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        host=host.strip("[]"),
        port=int(port),
        log_config=None,
        log_level="warning",  # its greetings are for developers
        access_log=False,  # addresses of films in it would name arrivals; the audit says who saw what
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=settings.web_certificate_file,
        ssl_keyfile=settings.web_key_file,
        ws="none",
        lifespan="on",
    )
