"""PNG and JPEG radiographs, as they are displayed."""

import base64
import struct
import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from imaging import RadiographError, decode_radiograph
from imaging.errors import (
    DamagedPixelDataError,
    FormatNotAcceptedError,
    MultiFrameError,
    TooManyPixelsError,
    TooSmallError,
    TruncatedFileError,
)

GRAY = np.linspace(0, 255, 96 * 80).round().astype(np.uint8).reshape(96, 80)

# GRAY by libjpeg-turbo's ``cjpeg -arithmetic -quality 90``; no encoder among the dependencies writes such
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8X"
    "GBYUGBIUFRT/yQALCABgAFABAREA/8wABgAQEAX/2gAIAQEAAD8A/wDtBbxc6JpqsTCCmG0ZsIsEGkuTSx/vjkaKcx1Krz5QU+rEVrgvVvVx"
    "iA0PpULEaHlcVW71kB/WtVQOfwdcZ8LLh+EJtkvXyyTocZ2oToKbWIOg+vqqn3tJclYjhs639be+7kBnXWwJDJP9/Pv4WewhetwvuG7yDXYV"
    "1rnG1HsfTO96vR5bfoGxmfNkEHMMDh7kLIad9cXNveDVww1MJow9zNKh9Ic5evaRYE5X7EbVa+QhCFDwrmmaHV+9H5qXYtqxuM6oYVrM4Xuj"
    "Th1x6Dzt4omDmjjVkqTZ8kR2cIxjISKwXZOA/9k="
)


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, format=kind, **options)
    return stream.getvalue()


def pixels_of(content: bytes) -> np.ndarray:
    return decode_radiograph(content).pixels


def png_header(rows: int, columns: int, mode: bytes = b"\x08\0\0\0\0") -> bytes:
    body = b"IHDR" + struct.pack(">II", columns, rows) + mode
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + end


def test_gray_png_is_taken_as_displayed() -> None:
    radiograph = decode_radiograph(saved(Image.fromarray(GRAY)))
    np.testing.assert_allclose(radiograph.pixels, GRAY / 255, atol=1e-6)
    identity = radiograph.identity
    assert (identity.source_format, identity.rows, identity.columns, identity.bits_stored) == ("png", 96, 80, 8)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "LA"])
def test_gray_in_any_mode_gives_the_same_pixels(mode: str) -> None:
    content = saved(Image.fromarray(GRAY).convert(mode))
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=1e-6)


def test_one_bit_png_is_black_and_white() -> None:
    pixels = pixels_of(saved(Image.fromarray(GRAY).convert("1")))
    assert set(np.unique(pixels)) == {0.0, 1.0}


def test_sixteen_bit_png_is_scaled_to_its_range() -> None:
    # a 12-bit film in a 16-bit file would be nearly black as displayed
    stored = (GRAY.astype(np.uint16) * 16).reshape(96, 80)
    radiograph = decode_radiograph(saved(Image.fromarray(stored)))
    assert radiograph.identity.bits_stored == 16
    assert (radiograph.pixels.min(), radiograph.pixels.max()) == (0.0, 1.0)
    np.testing.assert_allclose(radiograph.pixels, GRAY / 255, atol=0.02)


def test_transparent_pixels_are_black() -> None:
    rgba = np.dstack([GRAY, GRAY, GRAY, np.full_like(GRAY, 255)])
    rgba[:10, :, 3] = 0
    rgba[:10, :, :3] = 255
    pixels = pixels_of(saved(Image.fromarray(rgba)))
    assert pixels[:10].max() == 0.0
    np.testing.assert_allclose(pixels[10:], GRAY[10:] / 255, atol=1e-6)


def test_colour_becomes_luminance() -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[:, :16, 1] = 255
    assert pixels_of(saved(Image.fromarray(rgb)))[0, 0] == pytest.approx(0.587, abs=0.003)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_in_any_mode(mode: str) -> None:
    content = saved(Image.fromarray(GRAY).convert("RGB").convert(mode), "JPEG", quality=95, subsampling=0)
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=0.03)


def test_of_a_phone_s_two_pictures_the_first_is_read() -> None:
    preview = Image.fromarray(np.full((64, 64), 128, np.uint8))
    content = saved(Image.fromarray(GRAY), "MPO", quality=95, save_all=True, append_images=[preview])
    assert content.count(b"\xff\xd8\xff") == 2
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=0.03)


@pytest.mark.parametrize("tail", [b"\0" * 18, b"SEFT" * 100, b"\xff\xda" * 5, b"\0\0\0\x18ftypmp42" + bytes(500)])
def test_what_follows_the_end_marker_is_no_part_of_the_picture(tail: bytes) -> None:
    content = saved(Image.fromarray(GRAY), "JPEG", quality=95)
    np.testing.assert_array_equal(pixels_of(content + tail), pixels_of(content))


@pytest.mark.parametrize("components", [1, 3])
def test_twelve_bit_jpeg_is_scaled_to_its_range(components: int) -> None:
    deep = GRAY.astype(np.uint16) * 16
    stored = deep if components == 1 else np.dstack([deep] * 3)
    content = bytes(imagecodecs.jpeg8_encode(stored, level=98, bitspersample=12))
    radiograph = decode_radiograph(content)
    assert radiograph.identity.bits_stored == 16
    np.testing.assert_allclose(radiograph.pixels, GRAY / 255, atol=0.03)


@pytest.mark.parametrize("bits", [8, 16])
def test_lossless_jpeg(bits: int) -> None:
    stored = GRAY if bits == 8 else GRAY.astype(np.uint16) * 257
    content = bytes(imagecodecs.jpeg8_encode(stored, lossless=True, predictor=1, bitspersample=bits))
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=1e-6 if bits == 8 else 0.02)


def arithmetic(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    segment = exif.tobytes()
    return ARITHMETIC[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + ARITHMETIC[2:]


def test_arithmetic_jpeg() -> None:
    upright = pixels_of(arithmetic())
    np.testing.assert_allclose(upright, GRAY / 255, atol=0.03)
    np.testing.assert_array_equal(pixels_of(arithmetic(orientation=3)), upright[::-1, ::-1])


@pytest.mark.parametrize(("marker", "name"), [(0xC5, "hierarchical"), (0xCB, "lossless arithmetic"), (0xF7, "JPEG-LS")])
def test_a_kind_of_jpeg_that_is_not_read_is_refused_by_its_name(marker: int, name: str) -> None:
    content = saved(Image.fromarray(GRAY), "JPEG").replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
    with pytest.raises(FormatNotAcceptedError, match=f"{name}.*are accepted"):
        decode_radiograph(content)


def test_progressive_jpeg() -> None:
    content = saved(Image.fromarray(GRAY), "JPEG", quality=95, progressive=True)
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=0.03)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (2, lambda gray: gray[:, ::-1]),
        (3, lambda gray: gray[::-1, ::-1]),
        (4, lambda gray: gray[::-1]),
        (5, lambda gray: gray.T),
        (6, lambda gray: np.rot90(gray, -1)),
        (7, lambda gray: gray[::-1, ::-1].T),
        (8, lambda gray: np.rot90(gray)),
    ],
)
def test_exif_orientation_is_applied(orientation: int, upright) -> None:  # type: ignore[no-untyped-def]
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(Image.fromarray(GRAY), "JPEG", quality=95, exif=exif)
    np.testing.assert_allclose(pixels_of(content), upright(GRAY) / 255, atol=0.03)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\x7f"])
def test_a_damaged_exif_does_not_cost_the_picture(kind: str, exif: bytes) -> None:
    content = saved(Image.fromarray(GRAY), kind, exif=exif)
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=0.03)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_shortened_copy_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    content = saved(Image.fromarray(noise), kind)
    for length in range(12, len(content) - 1, 41):
        with pytest.raises(RadiographError):
            decode_radiograph(content[:length])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_copy_with_a_tail_of_zeros_is_refused(kind: str) -> None:
    content = saved(Image.fromarray(GRAY), kind)
    with pytest.raises(TruncatedFileError if kind == "JPEG" else RadiographError):
        decode_radiograph(content[: len(content) // 2] + bytes(len(content) // 2))


def with_chunk(kind: bytes, *, damaged: bool, data: bytes = b"Comment\0text") -> bytes:
    """Return a PNG with one more chunk after its header."""
    content, checked = saved(Image.fromarray(GRAY)), kind + data
    chunk = struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked) ^ damaged)
    return content[:33] + chunk + content[33:]


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iCCP", b"tIME", b"pHYs", b"tRNS", b"eXIf", b"prVt"])
def test_a_wrong_checksum_in_a_chunk_that_no_picture_needs_costs_none(kind: bytes) -> None:
    np.testing.assert_array_equal(pixels_of(with_chunk(kind, damaged=True)), (GRAY / 255).astype(np.float32))


def test_a_wrong_checksum_in_a_chunk_that_a_picture_needs_is_refused() -> None:
    with pytest.raises(DamagedPixelDataError, match="checksum"):
        decode_radiograph(with_chunk(b"PLTE", damaged=True, data=bytes(3)))


@pytest.mark.parametrize(("mode", "samples"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_a_png_of_fewer_rows_than_its_header_says_is_truncated(mode: str, samples: int) -> None:
    whole = Image.fromarray(GRAY).convert(mode)
    header = saved(whole)[8:33]
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(whole)[:70])
    assert len(rows) == 70 * (1 + 80 * samples)
    data = b"IDAT" + zlib.compress(rows)
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    with pytest.raises(TruncatedFileError, match="70 of the 96 rows"):
        decode_radiograph(b"\x89PNG\r\n\x1a\n" + header + chunk + png_header(1, 1)[-12:])


def test_a_whole_png_may_end_in_black_rows() -> None:
    dark = GRAY.copy()
    dark[60:] = 0
    np.testing.assert_array_equal(pixels_of(saved(Image.fromarray(dark))), (dark / 255).astype(np.float32))


def test_a_flipped_bit_in_a_png_is_found_by_its_checksum() -> None:
    content = bytearray(saved(Image.fromarray(GRAY)))
    content[len(content) // 2] ^= 1
    with pytest.raises(DamagedPixelDataError, match="checksum"):
        decode_radiograph(bytes(content))


@pytest.mark.parametrize(
    ("edge", "mode"), [(13000, b"\x08\0\0\0\0"), (60000, b"\x08\0\0\0\0"), (9600, b"\x08\2\0\0\0")]
)
def test_a_picture_of_more_memory_than_a_reader_may_take_is_refused(edge: int, mode: bytes) -> None:
    with pytest.raises(TooManyPixelsError, match="at most 768 MiB"):
        decode_radiograph(png_header(edge, edge, mode))


def test_a_jpeg_of_more_memory_than_a_reader_may_take_is_refused() -> None:
    content = bytearray(saved(Image.fromarray(GRAY), "JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", 20000, 20000)
    with pytest.raises(TooManyPixelsError):
        decode_radiograph(bytes(content))


def test_the_scan_of_a_film_of_60_megapixels_is_read() -> None:
    film = Image.fromarray(GRAY).resize((7000, 8600))
    radiograph = decode_radiograph(saved(film, "JPEG"))
    assert radiograph.pixels.shape == (8600, 7000)


def test_a_second_header_in_a_png_is_refused() -> None:
    content = saved(Image.fromarray(GRAY))
    with pytest.raises(DamagedPixelDataError, match="one header"):
        decode_radiograph(content[:33] + png_header(9000, 9000)[8:33] + content[33:])


def test_a_small_picture_is_refused() -> None:
    with pytest.raises(TooSmallError):
        decode_radiograph(saved(Image.fromarray(GRAY[:63])))


def test_an_animated_png_is_refused() -> None:
    frames = [Image.fromarray(GRAY), Image.fromarray(GRAY[::-1])]
    with pytest.raises(MultiFrameError):
        decode_radiograph(saved(frames[0], save_all=True, append_images=frames[1:]))


def test_a_text_bomb_is_refused() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "0" * 80_000_000, zip=True)
    with pytest.raises(DamagedPixelDataError):
        decode_radiograph(saved(Image.fromarray(GRAY), pnginfo=text))


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    content = saved(Image.fromarray(GRAY), "JPEG", progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    with pytest.raises(DamagedPixelDataError, match="scans"):
        decode_radiograph(content[:-2] + scan * 200 + b"\xff\xd9")
