"""What a caller may cost us: seats, bytes and seconds, counted before anything is believed.

pynetdicom has no cap on the length that a PDU announces, and waits for the rest of a PDU as long as the socket does
(pydicom/pynetdicom, `AssociationSocket.recv`); it reads through the sockets below, which know better.
"""

import logging
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

logger = logging.getLogger(__name__)

HEADER_BYTES = 6  # of a PDU: its type, one reserved byte, its length in four (PS3.8 9.3)
DATA = 0x04  # the type of P-DATA-TF
LONGEST_BYTES = 262_144  # of a PDU: ours are half as long, and a caller's longest list of proposals has less
MORE, AT_THE_DOOR = 4, 4  # connections for each association, and those of one address that wait for a refusal
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


@dataclass(slots=True, eq=False)
class Seat:
    """A connection's place, and whether its association was accepted."""

    address: str
    is_admitted: bool = False


class Seats:
    """How many associations and connections there may be, in all and of one address.

    Parameters
    ----------
    in_all, of_one : int
        Associations that are served. `MORE` times as many connections in all, and `AT_THE_DOOR` more of one address,
        have room to be refused in a way that their software understands; others are hung up at once.
    """

    def __init__(self, in_all: int, of_one: int) -> None:
        self._in_all, self._of_one = in_all, of_one
        self._taken: list[Seat] = []
        self._lock = Lock()

    def take(self, address: str) -> Seat | None:
        """Take a seat for a connection; None where there is none."""
        with self._lock:
            of_one = sum(seat.address == address for seat in self._taken)
            if len(self._taken) >= MORE * self._in_all or of_one >= self._of_one + AT_THE_DOOR:
                return None
            self._taken.append(Seat(address))
            return self._taken[-1]

    def admit(self, seat: Seat) -> bool:
        """Note that a connection becomes an association; False where that is one too many."""
        with self._lock:
            admitted = [other for other in self._taken if other.is_admitted]
            of_one = sum(other.address == seat.address for other in admitted)
            seat.is_admitted = len(admitted) < self._in_all and of_one < self._of_one
            return seat.is_admitted

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        with self._lock:
            self._taken.remove(seat)


class _BoundedSocket(socket.socket):
    """A connected socket that hangs up on a caller who goes beyond its bounds, and says once that it has ended."""

    seconds: float
    bounds: Bounds
    seat: Seat
    on_end: Callable[[Seat], None] | None = None

    def bind_to(self, seconds: float, bounds: Bounds, seat: Seat, on_end: Callable[[Seat], None]) -> None:
        """Set what holds for this connection."""
        self.seconds, self.bounds, self.seat, self.on_end = seconds, bounds, seat, on_end

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
        logger.warning("cut off %s: %s", self.seat.address, why, extra={"action": "caller_cut"})
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
            on_end(self.seat)


class PlainSocket(_BoundedSocket):
    """Bounded, as it comes."""


class TlsSocket(_BoundedSocket, ssl.SSLSocket):
    """Bounded, with TLS."""
