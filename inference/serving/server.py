"""The engine's side: it listens, gathers, computes and answers, in one loop and without threads.

While a batch runs, further requests wait in the sockets and make up the next one: the busier the device, the larger the
batches.
"""

import logging
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from inference.serving.batches import BatchRunner, Gatherer
from inference.serving.wire import (
    LONGEST_MESSAGE,
    ReplyStatus,
    Shapes,
    Slot,
    WireError,
    create_memory,
    parse_hello,
    parse_request,
    send_reply,
    send_welcome,
)

log = logging.getLogger(__name__)

MOST_CLIENTS = 512
_PEER = struct.Struct("=3i")  # pid, uid, gid, unix(7)


def open_listener(path: Path) -> socket.socket:
    """Listen at a path in a private folder, for this user alone; what an engine that died left there is replaced.

    The path appears only once it can be connected to.
    """
    unready = path.with_suffix(".new")
    unready.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = os.umask(0o177)
    try:
        listener.bind(str(unready))
    finally:
        os.umask(before)
    listener.listen(MOST_CLIENTS)
    listener.setblocking(False)
    unready.replace(path)
    return listener


class _Client:
    """One connection; without a slot until it has said which bundle it has."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.slot: Slot | None = None
        self.number = 0


class EngineServer:
    """Answers clients.

    Parameters
    ----------
    runner : BatchRunner
        Warmed up.
    shapes : Shapes
        What `BatchRunner.warm_up` returned.
    model_sha256 : str
        Clients with another bundle are turned away: their rows would name the wrong model.
    report : Callable
        Called with the films and batches answered so far and the start of the batch under way, or None.
    """

    def __init__(
        self,
        listener: socket.socket,
        runner: BatchRunner,
        shapes: Shapes,
        *,
        model_sha256: str,
        linger_seconds: float,
        report: Callable[[int, int, float | None], None],
    ) -> None:
        self._listener = listener
        self._runner = runner
        self._shapes = shapes
        self._model_sha256 = model_sha256
        self._report = report
        self._gatherer: Gatherer[_Client] = Gatherer(linger_seconds)
        self._clients: set[_Client] = set()
        self._films = self._batches = 0
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)

    def serve(self) -> NoReturn:
        """Serve until the process ends; raises what the device raised when it could not compute."""
        self._report(self._films, self._batches, None)
        while True:
            for key, _ in self._selector.select(self._seconds_to_batch()):
                if key.data is None:
                    self._accept()
                else:
                    self._hear(key.data)
            if self._seconds_to_batch() == 0.0:
                self._answer(self._gatherer.take(self._runner.batch_size))

    def _seconds_to_batch(self) -> float | None:
        return self._gatherer.seconds_to_batch(
            time.monotonic(), batch_size=self._runner.batch_size, senders=len(self._clients)
        )

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # it has gone again
        _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        if uid != os.getuid() or len(self._clients) >= MOST_CLIENTS:
            connection.close()
            return
        connection.setblocking(False)
        client = _Client(connection)
        self._clients.add(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _hear(self, client: _Client) -> None:
        try:
            message = client.connection.recv(LONGEST_MESSAGE)
            if not message:
                self._drop(client)
            elif client.slot is None:
                self._welcome(client, message)
            else:
                self._take_request(client, message)
        except (WireError, OSError) as error:
            log.warning("a client is turned away: %s", error, extra={"action": "client_refused"})
            self._drop(client)

    def _welcome(self, client: _Client, message: bytes) -> None:
        if parse_hello(message) != self._model_sha256:
            raise WireError("it has another model bundle")
        memory = create_memory(self._shapes)
        try:
            client.slot = Slot(memory, self._shapes)
            send_welcome(client.connection, self._shapes, memory)
        finally:
            os.close(memory)

    def _take_request(self, client: _Client, message: bytes) -> None:
        if client in self._gatherer:
            raise WireError("a second request before the first was answered")
        try:
            client.number = parse_request(message, self._shapes)
        except WireError:
            send_reply(client.connection, 0, ReplyStatus.REFUSED)
            raise
        self._gatherer.add(client, time.monotonic())

    def _answer(self, clients: list[_Client]) -> None:
        slots = [client.slot for client in clients if client.slot is not None]
        self._report(self._films, self._batches, time.monotonic())
        try:
            logits, maps = self._runner.run(np.stack([slot.radiograph for slot in slots]))
        except Exception:
            for client in clients:
                self._reply(client, ReplyStatus.FAILED)
            raise
        self._films, self._batches = self._films + len(clients), self._batches + 1
        for client, slot, *answer in zip(clients, slots, logits, maps, strict=True):
            slot.logits[:], slot.maps[:] = answer
            self._reply(client, ReplyStatus.ANSWERED)
        self._report(self._films, self._batches, None)

    def _reply(self, client: _Client, status: ReplyStatus) -> None:
        try:
            send_reply(client.connection, client.number, status)
        except OSError:
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        self._selector.unregister(client.connection)
        self._gatherer.discard(client)
        self._clients.discard(client)
        client.connection.close()
