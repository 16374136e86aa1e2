"""The reader in a child process with a limit of time and memory, as the product fences it."""

import multiprocessing
import resource
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self

from imaging import Radiograph, RadiographError, decode_radiograph
from installation.fence import limit_memory

Decode = Callable[[bytes], Radiograph]

SECONDS = 20.0  # the default of XRAY_READ_SECONDS
SPARE_BYTES = 2 << 30  # the default of XRAY_MAX_MEMORY_BYTES


@dataclass(frozen=True)
class Ending:
    """How one file ended: ``accepted``, a reason code, or after ``!`` what must not be."""

    result: str
    peak_bytes: int = 0


class BoundedReader:
    """One child that decodes one file after another; it is started again after a crash or a hang."""

    def __init__(self, decode: Decode = decode_radiograph, seconds: float = SECONDS) -> None:
        self._decode = decode
        self._seconds = seconds
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._child = context.Process(target=_serve, args=(theirs, self._decode), daemon=True)
        self._child.start()
        theirs.close()
        assert self._ours.recv() == "ready"

    def _end(self) -> None:
        self._child.kill()
        self._child.join()
        self._child.close()
        self._ours.close()

    def read(self, content: bytes) -> Ending:
        """Decode a file's content in the child."""
        try:
            self._ours.send_bytes(content)
            if self._ours.poll(self._seconds):
                ending: Ending = self._ours.recv()
                return ending
            result = f"!no answer in {self._seconds:.0f} s"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._child.join(5)
            result = f"!the child died (exit code {self._child.exitcode})"
        self._end()
        self._start()
        return Ending(result)


def _serve(pipe: Connection, decode: Decode) -> None:
    import imaging.dicom.decoding
    import imaging.raster  # noqa: F401  (what a child imports before its first file is no part of a file's cost)

    limit_memory(SPARE_BYTES)
    pipe.send("ready")
    while True:
        result = _read(pipe.recv_bytes(), decode)
        pipe.send(Ending(result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def _read(content: bytes, decode: Decode) -> str:
    import numpy as np

    try:
        radiograph = decode(content)
    except RadiographError as refused:
        return refused.reason_code if refused.reason_code != "undecodable" else f"undecodable: {refused}"
    except BaseException as raised:  # noqa: BLE001  (whatever else leaves the reader is what is looked for)
        return f"!{type(raised).__name__}"
    pixels, identity = radiograph.pixels, radiograph.identity
    if pixels.dtype != np.float32 or pixels.shape != (identity.rows, identity.columns):
        return f"!{pixels.dtype} pixels of shape {pixels.shape}"
    if not np.isfinite(pixels).all() or not 0 <= pixels.min() < pixels.max() <= 1:
        return "!pixels that are not finite, not in [0, 1] or of one value"
    return "accepted"
