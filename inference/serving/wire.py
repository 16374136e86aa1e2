"""What a screening process and an engine process say to each other over a unix socket of whole messages (SEQPACKET).

::

    client                                     engine
    Hello: version, hash of the bundle    ->
                                          <-   Welcome: shapes, and the descriptor of a piece of shared memory
    (writes the radiograph into it)
    Request: number, dtype, shape         ->
                                          <-   Reply: number, status; logits and maps lie in the memory

A client has one request under way at a time. The memory is a memfd: it has no name, so nothing of it outlives the two
processes, however they end. The engine makes it and forbids to resize it, so that neither side can pull it from under
the other. All numbers are in the machine's own byte order, since both sides are on one machine.
"""

import fcntl
import mmap
import os
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from math import prod

import numpy as np
import numpy.typing as npt

VERSION = 1
DTYPE = b"f4"
MAX_SLOT_BYTES = 64 << 20
LONGEST_MESSAGE = 256
LONGEST_SOCKET_PATH = 107  # bytes, unix(7)

_HELLO = struct.Struct("=4sI64s")
_WELCOME = struct.Struct("=4sIIIII")
_REQUEST = struct.Struct("=I2sIII")
_REPLY = struct.Struct("=II")
_MAGIC = b"xray"
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL

Floats = npt.NDArray[np.float32]


class WireError(Exception):
    """A message is not one that this version understands, or asks for what cannot be."""


class ReplyStatus(IntEnum):
    """How a request ended."""

    ANSWERED = 0
    REFUSED = 1  # not the radiograph that the model takes
    FAILED = 2  # the device could not compute it


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of one radiograph and of its answer."""

    input_size: int
    outputs: int
    map_rows: int
    map_columns: int

    @property
    def radiograph(self) -> tuple[int, int, int]:
        """Rows, columns and channels of the model's input."""
        return self.input_size, self.input_size, 1

    @property
    def maps(self) -> tuple[int, int, int]:
        """Rows, columns and outputs of the activation maps."""
        return self.map_rows, self.map_columns, self.outputs

    @property
    def size_bytes(self) -> int:
        """Bytes for a radiograph and its answer."""
        return 4 * (prod(self.radiograph) + self.outputs + prod(self.maps))

    def check(self) -> "Shapes":
        """Return these shapes, or raise WireError where no picture and no model has them."""
        sides = (self.input_size, self.outputs, self.map_rows, self.map_columns)
        if min(sides) < 1 or max(sides) > 1 << 16 or self.size_bytes > MAX_SLOT_BYTES:
            raise WireError(f"shapes {sides}: accepted are 1 and more, up to {MAX_SLOT_BYTES} bytes in all")
        return self


class Slot:
    """The memory that one client shares with an engine: a radiograph, its logits and its maps, all float32."""

    def __init__(self, descriptor: int, shapes: Shapes) -> None:
        self.shapes = shapes
        floats = np.frombuffer(mmap.mmap(descriptor, shapes.size_bytes), np.float32)
        pixels = prod(shapes.radiograph)
        self.radiograph = floats[:pixels].reshape(shapes.radiograph)
        self.logits = floats[pixels : pixels + shapes.outputs]
        self.maps = floats[pixels + shapes.outputs :].reshape(shapes.maps)


def create_memory(shapes: Shapes) -> int:
    """Make a slot's memory, of a size that nobody can change; returns its descriptor."""
    descriptor = os.memfd_create("xray-slot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, shapes.size_bytes)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


def send_hello(connection: socket.socket, model_sha256: str) -> None:
    """Introduce a client."""
    connection.send(_HELLO.pack(_MAGIC, VERSION, model_sha256.encode()))


def parse_hello(message: bytes) -> str:
    """Return the hash of the bundle that a client has, or raise WireError."""
    magic, version, model_sha256 = _HELLO.unpack(_check_length(_HELLO, message))
    if (magic, version) != (_MAGIC, VERSION):
        raise WireError(f"a client of another version; this one is {VERSION}")
    return bytes(model_sha256).decode("ascii", "replace")


def send_welcome(connection: socket.socket, shapes: Shapes, memory: int) -> None:
    """Give a client its memory."""
    message = _WELCOME.pack(_MAGIC, VERSION, shapes.input_size, shapes.outputs, shapes.map_rows, shapes.map_columns)
    socket.send_fds(connection, [message], [memory])


def receive_welcome(connection: socket.socket, input_size: int, outputs: int) -> Slot:
    """Wait for the memory; raises WireError where the engine has refused, or serves a model of another shape."""
    message, descriptors, _, _ = socket.recv_fds(connection, LONGEST_MESSAGE, 1)
    try:
        magic, version, *shape = _WELCOME.unpack(_check_length(_WELCOME, message))
        if (magic, version) != (_MAGIC, VERSION) or len(descriptors) != 1:
            raise WireError("an engine of another version")
        shapes = Shapes(*shape).check()
        if (shapes.input_size, shapes.outputs) != (input_size, outputs):
            raise WireError("an engine with a model of other shapes")
        if os.fstat(descriptors[0]).st_size != shapes.size_bytes:
            raise WireError("the shared memory has another size than was said")
        return Slot(descriptors[0], shapes)
    finally:
        for descriptor in descriptors:  # the mapping keeps the memory
            os.close(descriptor)


def send_request(connection: socket.socket, number: int, shapes: Shapes) -> None:
    """Ask for the answer to the radiograph in the memory."""
    connection.send(_REQUEST.pack(number, DTYPE, *shapes.radiograph))


def parse_request(message: bytes, shapes: Shapes) -> int:
    """Return a request's number, or raise WireError where it is not about one radiograph of the model's shape."""
    number, dtype, *shape = _REQUEST.unpack(_check_length(_REQUEST, message))
    if dtype != DTYPE or tuple(shape) != shapes.radiograph:
        raise WireError(f"a radiograph of {dtype!r} and shape {tuple(shape)}: accepted is f4, {shapes.radiograph}")
    return int(number)


def send_reply(connection: socket.socket, number: int, status: ReplyStatus) -> None:
    """Say that a request has ended; never waits for a client that does not read."""
    connection.send(_REPLY.pack(number, status), socket.MSG_DONTWAIT)


def receive_answer(connection: socket.socket, number: int) -> None:
    """Wait until a request is answered; raises WireError where the engine ends the connection, or could not."""
    found, status = _REPLY.unpack(_check_length(_REPLY, connection.recv(LONGEST_MESSAGE)))
    if (found, status) != (number, ReplyStatus.ANSWERED):
        raise WireError(f"a request that ended with status {status!r}")


def _check_length(form: struct.Struct, message: bytes) -> bytes:
    if len(message) != form.size:
        raise WireError(f"a message of {len(message)} bytes in place of {form.size}")
    return message
