"""Ways in which bytes are damaged; places are shares of the length, so that hypothesis can shrink them."""

import struct
import zlib
from collections.abc import Callable, Sequence
from functools import partial

from hypothesis import strategies as st

from tests.faults import element_edits as elements
from tests.faults.fuzz_seeds import SYNTAXES, Seed

Mutation = Callable[[bytes], bytes]

PNG = b"\x89PNG\r\n\x1a\n"
NUMBERS = (0, 1, 2, 7, 15, 16, 17, 32, 255, 256, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
LAYOUTS = ("<H", ">H", "<I", ">I")
OTHER_SYNTAXES = ("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.201", "1.2.3", "")
TEXTS = (b"", b"\0", b"0", b"-1", b"nan", b"inf", b"1e999", b"1e-320", b"1\\2", b"1\\", b"A" * 70, b"\xff" * 8, b"../x")
PLACES = st.integers(0, 9_999).map(lambda place: place / 10_000)


def mutations(seeds: Sequence[Seed]) -> st.SearchStrategy[list[Mutation]]:
    """Draw what is done to a file, one to six steps."""
    numbers = st.sampled_from(NUMBERS)
    steps = (
        st.builds(partial, st.just(flip), PLACES, st.integers(0, 7)),
        st.builds(partial, st.just(overwrite), PLACES, st.binary(min_size=1, max_size=8)),
        st.builds(partial, st.just(write_number), PLACES, numbers, st.sampled_from(LAYOUTS)),
        st.builds(partial, st.just(insert), PLACES, st.binary(min_size=1, max_size=16)),
        st.builds(partial, st.just(repeat), PLACES, st.integers(1, 64), st.integers(2, 400)),
        st.builds(partial, st.just(cut), PLACES, st.integers(1, 4096)),
        st.builds(partial, st.just(truncate), PLACES),
        st.builds(partial, st.just(splice), PLACES, st.sampled_from(seeds), PLACES),
        st.builds(partial, st.just(elements.set_length), PLACES, numbers),
        st.builds(partial, st.just(elements.set_vr), PLACES, st.sampled_from(elements.VRS)),
        st.builds(partial, st.just(elements.set_value), PLACES, st.sampled_from(TEXTS) | st.binary(max_size=80)),
        st.builds(partial, st.just(elements.set_number), PLACES, numbers),
        st.builds(partial, st.just(elements.remove), PLACES),
        st.builds(partial, st.just(elements.swap_transfer_syntax), st.sampled_from((*SYNTAXES, *OTHER_SYNTAXES))),
    )
    return st.lists(st.one_of(steps), min_size=1, max_size=6)


def mutate(content: bytes, steps: Sequence[Mutation], *, repair: bool) -> bytes:
    """Apply the steps in order; with ``repair`` a PNG gets right checksums, so that its decoder is reached."""
    for step in steps:
        content = step(content)
    return repair_png(content) if repair and content.startswith(PNG) else content


def flip(place: float, bit: int, content: bytes) -> bytes:
    at = _at(place, content)
    return content[:at] + bytes(value ^ 1 << bit for value in content[at : at + 1]) + content[at + 1 :]


def overwrite(place: float, written: bytes, content: bytes) -> bytes:
    at = _at(place, content)
    return content[:at] + written + content[at + len(written) :]


def write_number(place: float, number: int, layout: str, content: bytes) -> bytes:
    return overwrite(place, elements.pack(layout, number), content)


def insert(place: float, inserted: bytes, content: bytes) -> bytes:
    at = _at(place, content)
    return content[:at] + inserted + content[at:]


def repeat(place: float, length: int, times: int, content: bytes) -> bytes:
    at = _at(place, content)
    return content[:at] + content[at : at + length] * times + content[at + length :]


def cut(place: float, length: int, content: bytes) -> bytes:
    at = _at(place, content)
    return content[:at] + content[at + length :]


def truncate(place: float, content: bytes) -> bytes:
    return content[: _at(place, content)]


def splice(place: float, other: Seed, other_place: float, content: bytes) -> bytes:
    return content[: _at(place, content)] + other.content[_at(other_place, other.content) :]


def repair_png(content: bytes) -> bytes:
    """Give each chunk the checksum of what it holds now (PNG specification, section 5)."""
    repaired, position = bytearray(content), len(PNG)
    while position + 12 <= len(content):
        end = position + 8 + struct.unpack_from(">I", content, position)[0]
        if end + 4 > len(content):
            break
        struct.pack_into(">I", repaired, end, zlib.crc32(content[position + 4 : end]))
        position = end + 4
    return bytes(repaired)


def _at(place: float, content: bytes) -> int:
    """Find a place behind the signature: without that, a file is only one more of unknown format."""
    start = elements.PREAMBLE if elements.is_dicom(content) else min(len(PNG), len(content))
    return start + int(place * (len(content) - start))
