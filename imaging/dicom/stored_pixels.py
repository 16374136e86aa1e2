"""From a DICOM file to its stored pixels, still as bit patterns of the allocated size.

imagecodecs is the only decoder: on every syntax it is bit-exact with pydicom and its plugins (lossless) or within the
rounding of the inverse DCT (lossy JPEG), 3 to 8 times faster, and it reads the 12-bit extended JPEG that they do not.
A picture says itself how it is compressed; a Transfer Syntax UID that names another process costs no picture.
What the decoder refuses is damaged; a second, more lenient decoder would turn damage into a picture. HTJ2K is left to
its OpenJPEG, which takes twice the time of its OpenJPH and gives an error for damage that makes that one hang.
"""

from contextlib import suppress
from dataclasses import replace

import imagecodecs
import numpy as np
import numpy.typing as npt

from imaging.dicom.header import DicomFile, Encoding, TransferSyntax
from imaging.dicom.jpeg2000 import (
    JPEG_2000_STARTS,
    Jpeg2000Header,
    has_end_of_codestream,
    read_jpeg2000_header,
    unwrap_codestream,
)
from imaging.dicom.pixel_data import PixelDataElement, encapsulated_codestream, find_pixel_data, native_value
from imaging.dicom.pixel_layout import JPEG_2000_BYTES, PixelLayout
from imaging.dicom.rle import decode_rle
from imaging.errors import CodestreamMismatchError, ColorError, DamagedPixelDataError, TruncatedFileError
from imaging.foreign_errors import foreign_errors_as
from imaging.gray import Gray, check_size, take_gray
from imaging.jpeg import END_OF_IMAGE, JPEG_START, PROCESSES, JpegHeader, is_whole, read_jpeg_header

Decoded = npt.NDArray[np.generic]

_JPEG_LS, _LOSSLESS = 0xF7, 0xC3
_PROCESSES_READ = {0xC0, 0xC1, _LOSSLESS, _JPEG_LS}
_EXACT = {f"1.2.840.10008.1.2.4.{number}" for number in (57, 70, 80, 90, 201, 202)}  # lossless by Transfer Syntax UID
_ROUNDING = 1 / 16  # of the range: by so much a picture that is not lossless in truth may exceed it


def decode_pixels(file: DicomFile, layout: PixelLayout) -> Gray:
    """Decode the frame.

    Parameters
    ----------
    file : DicomFile
        A parsed header with its pixels.
    layout : PixelLayout
        The checked description of the pixels.

    Returns
    -------
    ndarray of uint8 or uint16, shape (rows, columns)
        Bit patterns: all allocated bits of native pixels and RLE, else the decoder's samples. Of three samples a
        pixel, the gray.

    Raises
    ------
    UnreadableRadiographError
        The pixels are missing, of the wrong length, contradict the header or cannot be decoded.
    ColorError
        Three samples a pixel that are not gray.
    """
    element = find_pixel_data(file)
    encoding = file.syntax.encoding
    if encoding is Encoding.NATIVE:
        return _native(file, layout, element)
    codestream = encapsulated_codestream(element, encoding)
    with foreign_errors_as(DamagedPixelDataError, f"the {encoding.value} picture cannot be decoded"):
        if encoding is Encoding.RLE:
            return _at_high_bit(_as_gray(decode_rle(codestream, layout), layout.bits_stored), layout)
        decode = _decode_jpeg2000 if _is_jpeg2000(codestream, encoding) else _decode_jpeg
        decoded, precision = decode(codestream, file.syntax, layout)
        if decoded.shape[:2] != (layout.rows, layout.columns) or decoded.ndim > 3:
            raise DamagedPixelDataError(f"the {encoding.value} picture decodes to another shape than it states")
        channels = [decoded] if decoded.ndim == 2 else [decoded[..., channel] for channel in range(decoded.shape[2])]
        gray = _as_gray([channel.astype(layout.dtype, copy=False) for channel in channels], precision)
        return _bits_stored(gray, layout) if file.syntax.uid in _EXACT and precision > layout.bits_stored else gray


def _as_gray(channels: list[Gray], bits: int) -> Gray:
    return channels[0] if len(channels) == 1 else take_gray(channels, bits)


def _native(file: DicomFile, layout: PixelLayout, element: PixelDataElement) -> Gray:
    big_endian = file.syntax.big_endian
    if layout.photometric_interpretation == "YBR_FULL_422" and element.length >= layout.samples * layout.pixels:
        layout = replace(layout, photometric_interpretation="YBR_FULL")  # decoded, and its old name kept
    value = native_value(element, layout, big_endian=big_endian)
    if layout.bits_allocated == 16:
        samples: Gray = np.frombuffer(value, ">u2" if big_endian else "<u2").astype(np.uint16, copy=False)
    else:
        samples = np.frombuffer(value, np.uint8)
        if big_endian and element.vr == "OW":
            # two 8-bit samples in each big endian word (PS3.5 section 8.1.1)
            even = np.frombuffer(element.rest[: len(value) + len(value) % 2], np.uint16)
            samples = even.byteswap().view(np.uint8)[: len(value)]
    return _at_high_bit(_native_gray(samples, layout), layout)


def _native_gray(samples: Gray, layout: PixelLayout) -> Gray:
    """Take the gray of native samples; where they show colours, Planar Configuration may be the wrong one."""
    try:
        return _as_gray(_native_channels(samples, layout), layout.bits_stored)
    except ColorError:
        with suppress(ColorError):
            other = replace(layout, planar=not layout.planar)
            return _as_gray(_native_channels(samples, other), layout.bits_stored)
        raise


def _at_high_bit(gray: Gray, layout: PixelLayout) -> Gray:
    """Move pixels to where High Bit says that they are, if all of them lie in the lowest bits instead."""
    shift = layout.high_bit + 1 - layout.bits_stored
    return np.left_shift(gray, shift) if shift and int(gray.max()) < 2**layout.bits_stored else gray


def _bits_stored(gray: Gray, layout: PixelLayout) -> Gray:
    """Take the stored bits out of samples that were compressed with all bits allocated, as overlays lie in the rest."""
    if layout.signed or int(gray.max()) < (1 + _ROUNDING) * 2**layout.bits_stored:
        return gray
    shift = layout.high_bit + 1 - layout.bits_stored
    return np.asarray((gray >> shift) & (2**layout.bits_stored - 1), gray.dtype)


def _is_jpeg2000(codestream: bytes, encoding: Encoding) -> bool:
    """Say by its own beginning what a picture is, and by its transfer syntax where that is no beginning."""
    if codestream.startswith(JPEG_START):
        return False
    return encoding is Encoding.JPEG_2000 or codestream.startswith(JPEG_2000_STARTS)


def _native_channels(samples: Gray, layout: PixelLayout) -> list[Gray]:
    shape = layout.rows, layout.columns
    if layout.samples == 1:
        return [samples.reshape(shape)]
    if layout.photometric_interpretation == "YBR_FULL_422":
        pairs = samples.reshape(-1, 4)  # of each two pixels Y, Y, CB, CR
        return [pairs[:, :2].reshape(shape), *(pairs[:, chroma].repeat(2).reshape(shape) for chroma in (2, 3))]
    if layout.planar:
        return list(samples.reshape(layout.samples, *shape))
    return [samples.reshape(*shape, layout.samples)[..., channel] for channel in range(layout.samples)]


def _decode_jpeg(codestream: bytes, syntax: TransferSyntax, layout: PixelLayout) -> tuple[Decoded, int]:
    header = read_jpeg_header(codestream)
    if header.frame_marker not in _PROCESSES_READ:
        raise CodestreamMismatchError(
            f"Pixel Data (7FE0,0010) holds a picture in {PROCESSES[header.frame_marker]} (FF{header.frame_marker:02X}) "
            f"where Transfer Syntax UID (0002,0010) says {syntax.name}; "
            "baseline, extended and lossless JPEG, JPEG-LS and JPEG 2000 are accepted"
        )
    _check_size(header, layout, layout.dtype.itemsize)
    is_lossless = header.frame_marker in (_JPEG_LS, _LOSSLESS)
    # values of 8 bits cannot be those of 12; fewer bits than stored are no contradiction where nothing was scaled
    _check_precision(header.precision, layout, least=6 if is_lossless else min(layout.bits_stored, 12))
    if not is_whole(codestream, header):
        found = f"the {syntax.name} picture in Pixel Data (7FE0,0010) has no end marker, or too few bytes"
        raise TruncatedFileError(f"{found} for {header.rows} rows x {header.columns} columns")
    if header.frame_marker == _JPEG_LS:
        return np.asarray(imagecodecs.jpegls_decode(codestream)), header.precision
    # libjpeg-turbo 3: all processes, 2 to 16 bits; named alike, both colour spaces leave three components as they are
    space = "RGB" if header.components > 1 else None
    decoded = imagecodecs.jpeg8_decode(codestream, colorspace=space, outcolorspace=space)
    return np.asarray(decoded), header.precision


def _decode_jpeg2000(codestream: bytes, syntax: TransferSyntax, layout: PixelLayout) -> tuple[Decoded, int]:
    codestream = unwrap_codestream(codestream)
    header = read_jpeg2000_header(codestream)
    _check_size(header, layout, layout.dtype.itemsize + JPEG_2000_BYTES)
    _check_precision(header.precision, layout, least=6)
    if not has_end_of_codestream(codestream, header):
        # a copy that has its full length and holds only a beginning ends in zeros
        if header.end is None or codestream.endswith(b"\0\0"):
            raise TruncatedFileError(f"the {syntax.name} picture in Pixel Data (7FE0,0010) has no end marker")
        codestream = codestream[: header.end] + END_OF_IMAGE  # all tile-parts are there, with their full lengths
    decoded = np.asarray(imagecodecs.jpeg2k_decode(codestream, numthreads=1))
    if header.signed and not layout.signed:
        # the bits are Pixel Representation's to interpret
        decoded = np.bitwise_and(decoded.astype(layout.dtype), 2**header.precision - 1)
    return decoded, header.precision


def _check_size(header: JpegHeader | Jpeg2000Header, layout: PixelLayout, bytes_per_sample: int) -> None:
    if (header.rows, header.columns) != (layout.rows, layout.columns):
        found = f"the compressed picture has {header.rows} rows x {header.columns} columns"
        stated = f"Rows (0028,0010) is {layout.rows} and Columns (0028,0011) is {layout.columns}"
        raise CodestreamMismatchError(f"{found} where {stated}; the same size is accepted")
    if header.components not in (1, 3):
        found = f"the compressed picture has {header.components} components"
        raise CodestreamMismatchError(f"{found}; 1, or 3 in gray, are accepted")
    check_size(header.rows, header.columns, header.components * bytes_per_sample)


def _check_precision(precision: int, layout: PixelLayout, least: int) -> None:
    if not least <= precision <= layout.bits_allocated:
        stated = f"{layout.bits_stored} bits stored in {layout.bits_allocated} allocated"
        accepted = f"{least} to {layout.bits_allocated} are accepted"
        raise CodestreamMismatchError(f"the compressed picture has {precision} bits with {stated}; {accepted}")
