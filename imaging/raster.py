"""From the bytes of a PNG or JPEG file to a radiograph."""

import struct
import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from imaging.errors import (
    DamagedPixelDataError,
    FormatNotAcceptedError,
    MultiFrameError,
    RadiographError,
    TruncatedFileError,
)
from imaging.foreign_errors import foreign_errors_as
from imaging.gray import Gray, check_size, robust_range
from imaging.jpeg import END_OF_IMAGE, PROCESSES, JpegHeader, is_whole, read_jpeg_header
from imaging.opencv import cv2
from imaging.radiograph import Identity, Radiograph
from imaging.source import SourceFormat

_MAX_SCANS = 100
_MAX_SCANNED_PIXELS = 5_000_000_000
"""A progressive JPEG has about 10 scans; each costs a pass over the whole picture."""

_STRIP_ROWS = 512

# by the second byte of the start-of-frame marker; Pillow reads 8 bits of the first kind, imagecodecs all of both
_USUAL, _UNUSUAL, _PROGRESSIVE = {0xC0, 0xC1, 0xC2}, {0xC3, 0xC9, 0xCA}, {0xC2, 0xCA}
_PNG_GRAY, _PNG_PALETTE = 0, 3
_PNG_SAMPLES = {2: 3, 4: 2, 6: 4}  # a pixel by colour type, where there are several
_ANCILLARY = 0x20  # small first letter of a chunk's name: no picture needs it
_PASSED_OVER = b"skIp"  # a name that nobody knows
_INFLATED_AT_ONCE_BYTES = 1 << 20
_COLOR_BYTES = 5  # a pixel as Pillow holds it, and its gray

# check_size bounds the memory, and earlier; this bound of Pillow's counts pixels
Image.MAX_IMAGE_PIXELS = None


def decode_raster(content: bytes, source_format: SourceFormat) -> Radiograph:
    """Decode a PNG or JPEG radiograph as it is displayed.

    8 bits are taken as displayed: 0 is black, 255 white. Deeper pictures mostly hold raw values of 10 to 15 bits, so
    they are scaled like DICOM without a window, from their 0.5th to their 99.5th percentile. Colour becomes luminance
    (ITU-R BT.601); transparent pixels are composited on black, the air of a radiograph; EXIF orientation is applied. Of
    a phone's Multi-Picture Format the first picture is the photograph, and read.

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
    TruncatedFileError, DamagedPixelDataError, TooManyPixelsError, FormatNotAcceptedError
        The file is cut off, damaged, hostile or of a kind of JPEG that is not read.
    TooSmallError, MultiFrameError, BlankError
        A picture that the model must not judge.
    """
    try:
        with foreign_errors_as(DamagedPixelDataError, "the picture cannot be decoded"):
            gray = _decode_png(content) if source_format == "png" else _decode_jpeg(content)
            pixels = cv2.LUT(gray, _table(gray).reshape(1, -1))
    except RadiographError as error:
        error.identity = Identity(source_format=source_format)
        raise
    rows, columns = pixels.shape
    bits = 16 if gray.dtype == np.uint16 else 8
    return Radiograph(pixels, Identity(source_format=source_format, rows=rows, columns=columns, bits_stored=bits))


def _decode_png(content: bytes) -> Gray:
    usable, data = _check_png(content)
    with Image.open(BytesIO(usable), formats=("PNG",)) as picture:
        pictures = getattr(picture, "n_frames", 1)
        if pictures > 1:
            raise MultiFrameError(f"{pictures} pictures in one PNG; one is accepted")
        picture.load()
        # the decoder leaves black what is not there, and says nothing
        if not any(picture.crop((0, picture.height - 1, picture.width, picture.height)).tobytes()):
            _check_png_full(content, data)
        return np.asarray(_as_grayscale(_upright(picture)))


def _decode_jpeg(content: bytes) -> Gray:
    header = _check_jpeg(content)
    if header.frame_marker in _USUAL and header.precision == 8:
        # a phone's second picture, a preview, is left alone
        picture: Image.Image = Image.open(BytesIO(content), formats=("JPEG",))
        picture.load()
    else:
        picture = Image.fromarray(_luminance(np.asarray(imagecodecs.jpeg8_decode(content))))
        picture.info["exif"] = header.exif
    return np.asarray(_as_grayscale(_upright(picture)))


def _upright(picture: Image.Image) -> Image.Image:
    """Apply EXIF orientation; a damaged Exif does not cost the picture."""
    try:
        with foreign_errors_as(DamagedPixelDataError, "the Exif cannot be read"):
            ImageOps.exif_transpose(picture, in_place=True)
    except DamagedPixelDataError:
        pass
    return picture


def _luminance(samples: npt.NDArray[np.generic]) -> Gray:
    gray = cv2.cvtColor(samples, cv2.COLOR_RGB2GRAY) if samples.ndim == 3 else samples
    return gray.astype(np.uint8 if gray.dtype.itemsize == 1 else np.uint16, copy=False)


def _as_grayscale(picture: Image.Image) -> Image.Image:
    if picture.mode == "I;16" or (picture.mode == "L" and not picture.has_transparency_data):
        return picture  # converting would copy it
    return _composited(picture) if picture.has_transparency_data else picture.convert("L")


def _composited(picture: Image.Image) -> Image.Image:
    """Lay a transparent picture on black, strip by strip: three pictures of four bytes a pixel would be too much."""
    gray = Image.new("L", picture.size)
    for top in range(0, picture.height, _STRIP_ROWS):
        box = (0, top, picture.width, min(top + _STRIP_ROWS, picture.height))
        rgba = picture.crop(box).convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        gray.paste(Image.alpha_composite(black, rgba).convert("L"), box)
    return gray


def _table(gray: Gray) -> npt.NDArray[np.float32]:
    """Return the displayed value of each stored one."""
    if gray.dtype == np.uint8:
        return np.linspace(0.0, 1.0, 256, dtype=np.float32)
    values = np.arange(65536, dtype=np.float64)
    low, high = robust_range(gray, values, excluded=np.zeros(values.shape, np.bool_))
    return np.clip((values - low) / (high - low), 0.0, 1.0).astype(np.float32)


def _check_png(content: bytes) -> tuple[bytes | bytearray, list[slice]]:
    """Walk the chunks to IEND and compare their CRCs (PNG specification, section 5); bound the size by the first.

    Returns
    -------
    content : bytes or bytearray
        The same, with damaged ones of the chunks that no picture needs marked as such.
    data : list of slice
        Where the compressed rows lie in it.
    """
    position, fixed = 8, bytearray()
    data: list[slice] = []
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        end = position + 8 + length
        if end + 4 > len(content):
            break
        kind = content[position + 4 : position + 8]
        if zlib.crc32(memoryview(content)[position + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            if not kind[0] & _ANCILLARY:
                raise DamagedPixelDataError("a PNG chunk without which there is no picture has a wrong checksum")
            fixed = fixed or bytearray(content)
            fixed[position + 4 : position + 8] = _PASSED_OVER
            fixed[end : end + 4] = zlib.crc32(memoryview(fixed)[position + 4 : end]).to_bytes(4)
        if (kind == b"IHDR") != (position == 8) or (kind == b"IHDR" and length != 13):
            raise DamagedPixelDataError("the PNG does not begin with its one header")
        if kind == b"IHDR":
            _check_png_size(content[position + 8 : end])
        if kind == b"IDAT":
            data.append(slice(position + 8, end))
        if kind == b"IEND":
            return fixed or content, data
        position = end + 4
    raise TruncatedFileError("the PNG ends before its last chunk")


def _check_png_full(content: bytes | bytearray, data: list[slice]) -> None:
    """Refuse a PNG whose compressed rows are fewer than its header says; those of an interlaced one are not counted."""
    columns, rows, bits, color_type, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, 16)
    row_bytes = 1 + (columns * bits * _PNG_SAMPLES.get(color_type, 1) + 7) // 8
    left = 0 if interlaced else rows * row_bytes
    inflater = zlib.decompressobj()
    for part in data:
        compressed = content[part]
        while left > 0 and compressed:
            left -= len(inflater.decompress(compressed, _INFLATED_AT_ONCE_BYTES))
            compressed = inflater.unconsumed_tail
    if left > 0:
        raise TruncatedFileError(f"the PNG has {rows - -(-left // row_bytes)} of the {rows} rows that its header says")


def _check_png_size(header: bytes) -> None:
    columns, rows = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    bits, color_type = header[8], header[9]
    gray_bytes = 2 if bits == 16 else 1
    check_size(rows, columns, {_PNG_GRAY: gray_bytes, _PNG_PALETTE: 2}.get(color_type, _COLOR_BYTES))


def _check_jpeg(content: bytes) -> JpegHeader:
    """Refuse a JPEG without an end after its first scan, of endless scans, too large, or of a kind that is not read."""
    header = read_jpeg_header(content)
    components = (1, 3, 4) if header.frame_marker in _USUAL and header.precision == 8 else (1, 3)
    if header.frame_marker not in _USUAL | _UNUSUAL or header.components not in components:
        found = f"a {PROCESSES[header.frame_marker]} (FF{header.frame_marker:02X}) of {header.components} components"
        raise FormatNotAcceptedError(f"{found}; baseline, progressive, lossless and arithmetic JPEG are accepted")
    if header.rows == 0:
        raise FormatNotAcceptedError(
            "a JPEG that says its number of rows at its end; one that says it first is accepted"
        )
    scans = content.count(b"\xff\xda", header.scan_start, content.find(END_OF_IMAGE, header.scan_start))
    if scans > _MAX_SCANS or scans * header.rows * header.columns > _MAX_SCANNED_PIXELS:
        raise DamagedPixelDataError(f"a JPEG of {scans} scans; about 10 are usual")
    sample_bytes = 1 if header.precision <= 8 else 2
    # progressive pictures are put together from coefficients of two bytes
    coefficients = 2 * header.components if header.frame_marker in _PROGRESSIVE else 0
    decoded = sample_bytes if header.components == 1 else _COLOR_BYTES * sample_bytes
    check_size(header.rows, header.columns, decoded + coefficients)
    if not is_whole(content, header):
        raise TruncatedFileError("the JPEG ends before its end marker, or before its picture is full")
    return header
