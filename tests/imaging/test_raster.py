"""PNG and JPEG radiographs, as they are displayed."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from imaging import RadiographError, decode_radiograph
from imaging.unreadable import DamagedPixelDataError, TooManyPixelsError, TruncatedFileError
from imaging.unsuitable import MultiFrameError, TooSmallError

GRAY = np.linspace(0, 255, 48 * 64).round().astype(np.uint8).reshape(48, 64)


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
    assert (identity.source_format, identity.rows, identity.columns, identity.bits_stored) == ("png", 48, 64, 8)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "LA"])
def test_gray_in_any_mode_gives_the_same_pixels(mode: str) -> None:
    content = saved(Image.fromarray(GRAY).convert(mode))
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=1e-6)


def test_one_bit_png_is_black_and_white() -> None:
    pixels = pixels_of(saved(Image.fromarray(GRAY).convert("1")))
    assert set(np.unique(pixels)) == {0.0, 1.0}


def test_sixteen_bit_png_is_scaled_to_its_range() -> None:
    # a 12-bit film in a 16-bit file would be nearly black as displayed
    stored = (GRAY.astype(np.uint16) * 16).reshape(48, 64)
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
    rgb = np.zeros((32, 32, 3), np.uint8)
    rgb[:, :16, 1] = 255
    assert pixels_of(saved(Image.fromarray(rgb)))[0, 0] == pytest.approx(0.587, abs=0.003)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_in_any_mode(mode: str) -> None:
    content = saved(Image.fromarray(GRAY).convert("RGB").convert(mode), "JPEG", quality=95, subsampling=0)
    np.testing.assert_allclose(pixels_of(content), GRAY / 255, atol=0.03)


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


def test_a_flipped_bit_in_a_png_is_found_by_its_checksum() -> None:
    content = bytearray(saved(Image.fromarray(GRAY)))
    content[len(content) // 2] ^= 1
    with pytest.raises(DamagedPixelDataError, match="checksum"):
        decode_radiograph(bytes(content))


def test_a_claimed_size_beyond_fifty_megapixels_is_refused() -> None:
    with pytest.raises(TooManyPixelsError):
        decode_radiograph(png_header(9000, 9000))


def test_a_claimed_size_beyond_pillow_s_bomb_limit_is_refused() -> None:
    with pytest.raises(DamagedPixelDataError, match="DecompressionBombError"):
        decode_radiograph(png_header(60000, 60000))


def test_a_small_picture_is_refused() -> None:
    with pytest.raises(TooSmallError):
        decode_radiograph(saved(Image.fromarray(GRAY[:15])))


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
