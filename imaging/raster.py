"""From the bytes of a PNG or JPEG file to a radiograph."""

import zlib
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from imaging.dicom.pixel_layout import check_size
from imaging.dicom.robust_range import robust_range
from imaging.fence import fence
from imaging.formats import SourceFormat
from imaging.opencv import cv2
from imaging.radiograph import Identity, Radiograph
from imaging.unreadable import DamagedPixelDataError, TruncatedFileError
from imaging.unsuitable import MultiFrameError

Gray = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_MAX_SCANS = 100
"""A progressive JPEG has about 10; each scan costs a pass over the whole picture."""


def decode_raster(content: bytes, source_format: SourceFormat) -> Radiograph:
    """Decode a PNG or JPEG radiograph as it is displayed.

    8 bits are taken as displayed: 0 is black, 255 white. 16-bit PNG mostly holds raw values of 10 to 15 bits, so it is
    scaled like DICOM without a window, from its 0.5th to its 99.5th percentile. Colour becomes luminance (ITU-R
    BT.601); transparent pixels are composited on black, the air of a radiograph; EXIF orientation is applied.

    Parameters
    ----------
    content : bytes
        A file which `identify_format` calls "png" or "jpeg".
    source_format : "png" or "jpeg"
        Which of them.

    Returns
    -------
    Radiograph
        Pixels, and an identity of format, size and depth.

    Raises
    ------
    TruncatedFileError, DamagedPixelDataError, TooManyPixelsError
        The file is cut off, damaged or hostile.
    TooSmallError, MultiFrameError, BlankError
        A picture that the model must not judge.
    """
    (_check_png if source_format == "png" else _check_jpeg)(content)
    with fence(DamagedPixelDataError, "the picture cannot be decoded"):
        gray = _decode_grayscale(content)
    bits = 16 if gray.dtype == np.uint16 else 8
    pixels = cv2.LUT(gray, _table(gray).reshape(1, -1))
    rows, columns = pixels.shape
    return Radiograph(pixels, Identity(source_format=source_format, rows=rows, columns=columns, bits_stored=bits))


def _decode_grayscale(content: bytes) -> Gray:
    with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as picture:
        check_size(picture.height, picture.width)
        if getattr(picture, "n_frames", 1) > 1:
            raise MultiFrameError("several pictures in one file; one is accepted")
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return np.asarray(_as_grayscale(picture))


def _as_grayscale(picture: Image.Image) -> Image.Image:
    if picture.mode == "I;16" or (picture.mode == "L" and not picture.has_transparency_data):
        return picture  # converting would copy it
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, rgba).convert("L")
    return picture.convert("L")


def _table(gray: Gray) -> npt.NDArray[np.float32]:
    """Return the displayed value of each stored one."""
    if gray.dtype == np.uint8:
        return np.linspace(0.0, 1.0, 256, dtype=np.float32)
    values = np.arange(65536, dtype=np.float64)
    low, high = robust_range(gray, values, excluded=np.zeros(values.shape, np.bool_))
    return np.clip((values - low) / (high - low), 0.0, 1.0).astype(np.float32)


def _check_png(content: bytes) -> None:
    """Walk the chunks to IEND and compare their CRCs (PNG specification, section 5)."""
    position = 8
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        end = position + 8 + length
        if end + 4 > len(content):
            break
        if zlib.crc32(memoryview(content)[position + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            raise DamagedPixelDataError("a PNG chunk with a wrong checksum")
        if content[position + 4 : position + 8] == b"IEND":
            return
        position = end + 4
    raise TruncatedFileError("the PNG ends before its last chunk")


def _check_jpeg(content: bytes) -> None:
    """Refuse a JPEG without an end after its last scan, and one of endless scans (ITU-T T.81 annex B)."""
    if content.count(b"\xff\xda") > _MAX_SCANS:
        raise DamagedPixelDataError(f"a JPEG of more than {_MAX_SCANS} scans")
    if content.find(b"\xff\xd9", content.rfind(b"\xff\xda")) < 0:
        raise TruncatedFileError("the JPEG ends before its end marker")
