"""The net itself: what a reader must not do does not pass unseen."""

import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from imaging import Identity, Radiograph
from imaging.errors import BlankError, UndecodableRadiographError
from tests.faults.bounded_reader import SPARE_BYTES, BoundedReader

SECONDS = 5.0


def misbehave(content: bytes) -> Radiograph:
    """Do what the content says."""
    match content:
        case b"hang":
            time.sleep(10 * SECONDS)
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"bloat":
            np.empty(2 * SPARE_BYTES, np.uint8)
        case b"stumble":
            raise KeyError
        case b"give up":
            raise UndecodableRadiographError("a gap in the checks")
        case b"refuse":
            raise BlankError("one gray value")
    pixels = np.linspace(0, 1, 4, dtype=np.float32).reshape(2, 2)
    pixels[0, 0] = {b"nan": np.nan, b"bright": 1.5}.get(content, 0.0)
    return Radiograph(pixels, Identity(rows=2, columns=3 if content == b"wide" else 2))


@pytest.fixture(scope="module")
def reader() -> Iterator[BoundedReader]:
    with BoundedReader(misbehave, SECONDS) as reader:
        yield reader


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (b"hang", "!no answer in 5 s"),
        (b"behave", "accepted"),  # after a hang and after a crash there is a new child
        (b"crash", "!the child died (exit code -11)"),
        (b"refuse", "blank"),
        (b"bloat", "!MemoryError"),
        (b"stumble", "!KeyError"),
        (b"give up", "undecodable: a gap in the checks"),
        (b"nan", "!pixels that are not finite, not in [0, 1] or of one value"),
        (b"bright", "!pixels that are not finite, not in [0, 1] or of one value"),
        (b"wide", "!float32 pixels of shape (2, 2)"),
    ],
)
def test_each_ending_is_told(reader: BoundedReader, content: bytes, result: str) -> None:
    assert reader.read(content).result == result
