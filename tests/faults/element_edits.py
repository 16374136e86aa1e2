"""Edits of DICOM data elements in the bytes of a file; what is no little endian DICOM stays as it is."""

import struct
from functools import lru_cache
from typing import NamedTuple

PREAMBLE = 132
LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"SQ", b"UC", b"UN", b"UR", b"UT")
VRS = (*LONG_VRS, b"US", b"SS", b"UL", b"FD", b"DS", b"IS", b"CS", b"UI", b"PN", b"AT", b"ZZ", b"\0\0")
TRANSFER_SYNTAX = b"\x02\x00\x10\x00UI"


class Element(NamedTuple):
    """Where a data element stands: its tag, the field of its length, its value, and the next element."""

    at: int
    length_at: int
    value_at: int
    end: int


def set_length(place: float, length: int, content: bytes) -> bytes:
    """Let an element claim another length."""
    found = _find(place, content)
    return content if found is None else _replace(content, found.length_at, found.value_at, _length(found, length))


def set_vr(place: float, vr: bytes, content: bytes) -> bytes:
    """Let an element claim another value representation."""
    found = _find(place, content)
    return content if found is None else _replace(content, found.at + 4, found.at + 6, vr)


def set_value(place: float, value: bytes, content: bytes) -> bytes:
    """Give an element another value, with its length."""
    found = _find(place, content)
    if found is None:
        return content
    even = value + b" " * (len(value) % 2)
    return _replace(content, found.length_at, found.end, _length(found, len(even)) + even)


def set_number(place: float, number: int, content: bytes) -> bytes:
    """Give an element another number, in binary or as text."""
    found = _find(place, content)
    if found is None:
        return content
    size = found.end - found.value_at
    if size not in (2, 4):
        return set_value(place, str(number).encode(), content)
    return _replace(content, found.value_at, found.end, pack("<H" if size == 2 else "<I", number))


def remove(place: float, content: bytes) -> bytes:
    """Leave an element out."""
    found = _find(place, content)
    return content if found is None else _replace(content, found.at, found.end, b"")


def swap_transfer_syntax(uid: str, content: bytes) -> bytes:
    """Say that the file is written in another transfer syntax."""
    at = content.find(TRANSFER_SYNTAX, PREAMBLE)
    if at < 0 or at + 8 > len(content):
        return content
    length = struct.unpack_from("<H", content, at + 6)[0]
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return _replace(content, at + 6, at + 8 + length, pack("<H", len(value)) + value)


def is_dicom(content: bytes) -> bool:
    """Tell whether a file begins as PS3.10 section 7.1 says."""
    return content[PREAMBLE - 4 : PREAMBLE] == b"DICM"


def pack(layout: str, number: int) -> bytes:
    """Pack as much of a number as fits."""
    return struct.pack(layout, number & (1 << 8 * struct.calcsize(layout)) - 1)


def _replace(content: bytes, start: int, end: int, by: bytes) -> bytes:
    return content[:start] + by + content[end:]


def _length(element: Element, length: int) -> bytes:
    return pack("<H" if element.value_at - element.length_at == 2 else "<I", length)


def _find(place: float, content: bytes) -> Element | None:
    elements = _list_elements(content)
    return elements[int(place * len(elements))] if elements else None


@lru_cache(maxsize=1024)
def _list_elements(content: bytes) -> list[Element]:
    """Walk the data elements, those of sequences too, as far as their lengths make sense."""
    if not is_dicom(content):
        return []
    elements: list[Element] = []
    position = PREAMBLE
    while position + 12 <= len(content):
        vr = content[position + 4 : position + 6]
        length_at = position + (8 if vr in LONG_VRS else 6 if vr.isalpha() else 4)
        layout = "<H" if vr.isalpha() and vr not in LONG_VRS else "<I"
        value_at = length_at + struct.calcsize(layout)
        end = value_at + struct.unpack_from(layout, content, length_at)[0]
        elements.append(Element(position, length_at, value_at, min(end, len(content))))
        position = value_at if vr == b"SQ" else end
    return elements
