"""The door: who may come in, before pynetdicom hears of them."""

import logging
import socket
import ssl
import sys
from collections.abc import Callable
from socketserver import TCPServer
from typing import Any, cast

from pynetdicom.transport import ThreadedAssociationServer

from installation.senders import AllowList
from pacs.receiving.bounds import Bounds, CallerError, PlainSocket, Seats, TlsSocket
from pacs.receiving.tls import shake_hands

logger = logging.getLogger(__name__)


class Door(ThreadedAssociationServer):
    """Accepts connections within their bounds, and hands them to pynetdicom.

    Parameters
    ----------
    allow : AllowList
        Who may call from where; other addresses are hung up at once.
    seats : Seats
        How many connections there may be.
    seconds : float
        How long a caller may be silent.
    build_bounds : Callable
        Makes the bounds of one connection.
    tls : ssl.SSLContext or None
        Makes connections secret, each on a thread of its own: pynetdicom does it in the loop that accepts, where one
        silent caller shuts out all others.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        *served: Any,
        allow: AllowList,
        seats: Seats,
        seconds: float,
        build_bounds: Callable[[], Bounds],
        tls: ssl.SSLContext | None,
        **handlers: Any,
    ) -> None:
        self._allow, self._seats, self._seconds = allow, seats, seconds
        self._build_bounds, self._tls = build_bounds, tls
        super().__init__(*served, **handlers)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, and read nothing of it."""
        accepted, address = cast(socket.socket, self.socket).accept()
        if self._tls is not None:
            return self._tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False), address
        return PlainSocket(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach()), address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Let in whose address is known, as long as there are seats."""
        address = client_address[0]
        if not self._allow.knows_address(address):
            self._refuse(address, "the address is not in XRAY_ALLOW")
        elif (seat := self._seats.take(address)) is None:
            self._refuse(address, "it has too many connections, or all have")
        else:
            request.bind_to(self._seconds, self._build_bounds(), seat, self._seats.leave)
            return True
        return False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Begin an association, on the connection's own thread."""
        if isinstance(request, TlsSocket):
            shake_hands(request, self._seconds)
        super().finish_request(request, client_address)

    def close_door(self) -> None:
        """Accept nobody any more, and break off what is half received: its sender knows.

        pynetdicom's own way out is for servers that its AE started.
        """
        TCPServer.shutdown(self)
        self.server_close()
        for association in self.active_associations:
            association.abort()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line why a connection came to nothing."""
        del request
        error = sys.exc_info()[1]
        why = str(error) if isinstance(error, CallerError) else getattr(error, "reason", None) or type(error).__name__
        self._refuse(client_address[0], why)

    def _refuse(self, address: str, why: str) -> None:
        logger.warning("hung up on %s: %s", address, why, extra={"action": "caller_refused"})
