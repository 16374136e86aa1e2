"""What a caller may cost us: seats, bytes and seconds, counted before anything is believed.

pynetdicom has no cap on the length that a PDU announces, and waits for the rest of a PDU as long as the socket does
(pydicom/pynetdicom, `AssociationSocket.recv`); it reads through the sockets below, which know better.
"""

import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any

logger = logging.getLogger(__name__)

HEADER_BYTES = 6  # of a PDU: its type, one reserved byte, its length in four (PS3.8 9.3)
DATA = 0x04  # the type of P-DATA-TF
LONGEST_BYTES = 262_144  # of a PDU: ours are half as long, and a caller's longest list of proposals has less
LEAST_BYTES_A_SECOND = 8_192  # that a message must make on average; a modem makes half of it


class CallerError(ConnectionAbortedError):
    """A caller sends what we do not take, or too slowly: the connection ends."""


class Bounds:
    """Counts what comes over one connection, PDU by PDU.

    Parameters
    ----------
    seconds : float
        Grace for what has begun; beyond it there must come `LEAST_BYTES_A_SECOND` on average.
    message_bytes : int
        The longest message, which is written to disk as it comes.
    """

    def __init__(self, seconds: float, message_bytes: int) -> None:
        self._seconds = seconds
        self._message_bytes = message_bytes
        self._header = bytearray()
        self._left = 0
        self._is_message = False
        self._began_at: float | None = None
        self._bytes = 0
        self._memory_bytes = 0

    def seconds_left(self, now: float) -> float:
        """Return for how long what has begun may still go on; raises CallerError where it was too long already."""
        if self._began_at is None:
            return self._seconds
        left = self._began_at + self._seconds + self._bytes / LEAST_BYTES_A_SECOND - now
        if left <= 0:
            raise CallerError(f"too slow: {self._bytes:,} bytes in {now - self._began_at:.0f} s")
        return left

    def count(self, received: bytes, now: float) -> None:
        """Count what has come; raises CallerError where a PDU or a message is too long."""
        if self._began_at is None:
            self._began_at = now
        self._bytes += len(received)
        if self._bytes > self._message_bytes:
            raise CallerError(f"a message of more than {self._message_bytes:,} bytes")
        if self._left:
            self._left -= len(received)
        else:
            self._read_header(received)
        if not self._header and not self._left and not self._is_message:
            self.end_message()

    def _read_header(self, received: bytes) -> None:
        self._header += received
        if len(self._header) < HEADER_BYTES:
            return
        length = int.from_bytes(self._header[2:HEADER_BYTES], "big")
        if length > LONGEST_BYTES:
            raise CallerError(f"a PDU is announced with {length:,} bytes")
        self._is_message = self._header[0] == DATA
        self._left = length
        self._header.clear()

    def count_memory(self, length: int) -> None:
        """Count what is kept in memory of a message; raises CallerError where it is more than one PDU may hold."""
        self._memory_bytes += length
        if self._memory_bytes > LONGEST_BYTES:
            raise CallerError(f"a command of more than {LONGEST_BYTES:,} bytes")

    def end_message(self) -> None:
        """Begin anew: a message, or a PDU that is none, has come to its end."""
        self._began_at, self._bytes, self._memory_bytes = None, 0, 0


class _BoundedSocket(socket.socket):
    """A connected socket that hangs up on a caller who goes beyond its bounds, and says once that it has ended."""

    seconds: float
    bounds: Bounds
    on_end: Callable[[], None] | None = None
    address: str

    def bind_to(self, address: str, seconds: float, bounds: Bounds, on_end: Callable[[], None]) -> None:
        """Set what holds for this connection."""
        self.address, self.seconds, self.bounds, self.on_end = address, seconds, bounds, on_end

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Receive, or hang up."""
        try:
            self.settimeout(self.bounds.seconds_left(time.monotonic()))
            received = super().recv(buflen, flags)
            if received:
                self.bounds.count(received, time.monotonic())
        except TimeoutError:
            self.hang_up(f"silent in the middle of a PDU for {self.seconds:g} s")
            raise
        except CallerError as error:
            self.hang_up(str(error))
            raise
        return received

    def send(self, data: Any, flags: int = 0) -> int:
        """Send; a caller who does not read is cut off as well."""
        self.settimeout(self.seconds)
        return super().send(data, flags)

    def hang_up(self, why: str) -> None:
        """End the connection in both directions; whoever waits at it is woken."""
        logger.warning("cut off %s: %s", self.address, why, extra={"action": "caller_cut"})
        self.shutdown(socket.SHUT_RDWR)

    def shutdown(self, how: int) -> None:
        """Shut down, also where the caller has gone before: pynetdicom closes a socket only after this went well."""
        with suppress(OSError):
            super().shutdown(how)

    def close(self) -> None:
        """Close, and give the seat back."""
        super().close()
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end()


class PlainSocket(_BoundedSocket):
    """Bounded, as it comes."""


class TlsSocket(_BoundedSocket, ssl.SSLSocket):
    """Bounded, with TLS."""


class Seats:
    """How many connections each address has; more than its share are hung up at once.

    Parameters
    ----------
    in_all, of_one : int
        Associations that are served. As many again find room to be refused in a way that their software understands.
    """

    def __init__(self, in_all: int, of_one: int) -> None:
        self._in_all, self._of_one = in_all, of_one
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, address: str) -> bool:
        """Take a seat, or return False where there is none."""
        with self._lock:
            if self._taken.total() >= 2 * self._in_all or self._taken[address] >= 2 * self._of_one:
                return False
            self._taken[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Give a seat back."""
        with self._lock:
            self._taken[address] -= 1
            self._taken += Counter()  # forgets addresses without a seat

    def are_too_many(self, address: str) -> bool:
        """Tell whether an association more than is served has a seat now."""
        with self._lock:
            return self._taken.total() > self._in_all or self._taken[address] > self._of_one
