"""A relay in front of a server: speaks TLS for servers that cannot (the wheels' Valkey and PostgreSQL), and can be cut.

TLS is real: the handshake, the certificate and what is refused are between the product and Python's ``ssl``.
"""

import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

POSTGRESQL_ASKS_FOR_TLS = struct.pack("!ii", 8, 80877103)  # SSLRequest: before the handshake, in PostgreSQL's protocol
ENOUGH = 1 << 16


class Relay:
    """Passes on every connection to a server on this machine.

    Parameters
    ----------
    port : int
        The server's.
    context : ssl.SSLContext or None
        Its certificate; None passes on plain bytes.
    cut_at : Callable
        Asked of all that a client sends: True ends every connection before it reaches the server.
    away_seconds : float
        For how long after such a cut nobody is let in.
    """

    def __init__(
        self,
        port: int,
        context: ssl.SSLContext | None = None,
        cut_at: Callable[[bytes], bool] = lambda _: False,
        away_seconds: float = 0.0,
    ) -> None:
        self._server_port = port
        self._context = context
        self._cut_at = cut_at
        self._away_seconds = away_seconds
        self._away_until = 0.0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.create_server(("0.0.0.0", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it with all its connections."""
        _end(self._listener)
        self._listener.close()
        self._thread.join(5)
        self.cut()

    def cut(self) -> None:
        """End every connection; new ones are accepted."""
        for pair in list(self._pairs):
            _end(*pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        if time.monotonic() < self._away_until:
            plain.close()
            return
        try:
            client = self._secure(plain)
        except OSError:  # a client that refuses the certificate, among others
            plain.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        self._pairs.add((client, server))
        back = Thread(target=_pump, args=(server, client, lambda _: False), daemon=True)
        back.start()
        was_cut = _pump(client, server, self._cut_at)
        back.join()
        self._pairs.discard((client, server))
        client.close()
        server.close()
        if was_cut:
            self._away_until = time.monotonic() + self._away_seconds
            self.cut()

    def _secure(self, client: socket.socket) -> socket.socket:
        if self._context is None:
            return client
        client.settimeout(10)
        if client.recv(len(POSTGRESQL_ASKS_FOR_TLS), socket.MSG_PEEK) == POSTGRESQL_ASKS_FOR_TLS:
            client.recv(len(POSTGRESQL_ASKS_FOR_TLS))
            client.sendall(b"S")
        secured = self._context.wrap_socket(client, server_side=True)
        secured.settimeout(None)
        return secured


def _pump(source: socket.socket, target: socket.socket, cut_at: Callable[[bytes], bool]) -> bool:
    """Pass on until one side ends; returns True when it was cut."""
    was_cut = False
    with suppress(OSError):
        while chunk := source.recv(ENOUGH):
            was_cut = cut_at(chunk)
            if was_cut:
                break
            target.sendall(chunk)
    _end(source, target)
    return was_cut


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
