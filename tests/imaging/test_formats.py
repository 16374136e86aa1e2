"""Content decides what a file is; what is not accepted is refused by the name of what it is."""

import gzip
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from imaging import identify_format
from imaging.errors import EmptyFileError, FormatNotAcceptedError
from imaging.source import require_format
from tests.imaging.dicom_factory import IMPLICIT, build_dataset, build_dicom, ramp, to_bytes


def pillow(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((32, 32), np.uint8)).save(stream, format=kind)
    return stream.getvalue()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("film.dcm", build_dicom())
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (build_dicom(), "dicom"),
        (to_bytes(build_dataset(ramp(12)), whole=False), "dicom"),
        (to_bytes(build_dataset(ramp(12), IMPLICIT), whole=False), "dicom"),
        (build_dicom()[132:], "dicom"),
        (pillow("PNG"), "png"),
        (pillow("JPEG"), "jpeg"),
        (b"MZ" + build_dicom()[2:], "dicom"),  # a program in the preamble (CVE-2019-11687) does not change what it is
    ],
)
def test_accepted_formats(content: bytes, expected: str) -> None:
    assert identify_format(content) == expected


@pytest.mark.parametrize(
    ("content", "name"),
    [
        *((pillow(kind), kind) for kind in ("GIF", "TIFF", "BMP", "ICO", "SGI", "DDS")),
        (pillow("WEBP"), "WebP"),
        (pillow("JPEG2000"), "JPEG 2000"),
        (pillow("PPM"), "Netpbm"),
        (pillow("TGA"), "TGA"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (zipped(), "ZIP"),
        (gzip.compress(b"film"), "gzip"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'<?xml version="1.0"?><a/>', "XML"),
        (b'{"a": 1}', "JSON"),
        (b"#!/bin/sh\n", "script"),
        (b"\x7fELF\x02", "ELF"),
        (b"patient list\n", "plain text"),
        (b"\x00\x17\xfe", "unknown"),
        (bytes(200), "unknown"),
    ],
)
def test_other_formats_are_refused_by_name(content: bytes, name: str) -> None:
    assert identify_format(content) is None
    with pytest.raises(FormatNotAcceptedError, match=f"{name}.*DICOM, PNG and JPEG are accepted"):
        require_format(content)


def test_an_empty_file_is_refused_as_empty() -> None:
    with pytest.raises(EmptyFileError):
        require_format(b"")
