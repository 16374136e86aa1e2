"""Gray in three samples or in a palette is accepted, as a gray RGB PNG is; colour is refused by its name."""

from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from imaging import RadiographError, decode_radiograph
from imaging.errors import ColorError, InvalidAttributeError, PixelDataLengthError
from imaging.phantoms.anatomy import draw_chest
from tests.imaging import dicom_factory as factory
from tests.imaging.dicom_factory import build_dataset, build_dicom, to_bytes

GRAY = np.rint(draw_chest(1, 96, 80) * 255).astype(np.uint8)
RGB = np.dstack([GRAY] * 3)
YBR = np.dstack([GRAY, np.full_like(GRAY, 128), np.full_like(GRAY, 128)])
SHARED_CHROMA = np.hstack([GRAY.reshape(-1, 2), np.full((GRAY.size // 2, 2), 128, np.uint8)])
RED = np.dstack([GRAY, GRAY // 2, GRAY // 2])


def native(pixels: bytes, photometric: str, syntax: str = factory.EXPLICIT, **attributes: object) -> bytes:
    dataset = build_dataset(GRAY, syntax, 8)
    dataset.PixelData, dataset.PhotometricInterpretation = pixels, photometric
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return to_bytes(dataset)


def compressed(codestream: bytes, syntax: str, photometric: str, samples: int = 3) -> bytes:
    dataset = build_dataset(GRAY, factory.EXPLICIT, 8)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData, dataset.PhotometricInterpretation = encapsulate([codestream]), photometric
    dataset["PixelData"].VR = "OB"
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = samples, 0
    return to_bytes(dataset)


def test_gray_rgb_gives_the_same_pixels_as_dicom_and_as_png() -> None:
    stream = BytesIO()
    Image.fromarray(RGB).save(stream, format="PNG")
    png = decode_radiograph(stream.getvalue()).pixels
    np.testing.assert_array_equal(decode_radiograph(native(RGB.tobytes(), "RGB")).pixels, png)


@pytest.mark.parametrize("syntax", [factory.EXPLICIT, factory.IMPLICIT, factory.DEFLATED])
@pytest.mark.parametrize(
    ("pixels", "photometric", "planar"),
    [
        (RGB.tobytes(), "RGB", 0),
        (np.moveaxis(RGB, 2, 0).tobytes(), "RGB", 1),
        (YBR.tobytes(), "YBR_FULL", 0),
        (np.moveaxis(YBR, 2, 0).tobytes(), "YBR_FULL", 1),
        (SHARED_CHROMA.tobytes(), "YBR_FULL_422", 0),
        (RGB.tobytes() + bytes(64), "RGB", 0),
        # of the other Planar Configuration; decoded, and its old name kept
        (RGB.tobytes(), "RGB", 1),
        (np.moveaxis(RGB, 2, 0).tobytes(), "RGB", 0),
        (YBR.tobytes(), "YBR_FULL_422", 0),
        (np.moveaxis(YBR, 2, 0).tobytes(), "YBR_FULL_422", 1),
    ],
)
def test_native_gray_in_three_samples(syntax: str, pixels: bytes, photometric: str, planar: int) -> None:
    content = native(pixels, photometric, syntax, PlanarConfiguration=planar)
    np.testing.assert_allclose(decode_radiograph(content).pixels, GRAY / 255, atol=1e-6)


def test_gray_in_three_samples_of_sixteen_bits_is_scaled_to_its_range() -> None:
    deep = RGB.astype(np.uint16) * 16
    content = native(deep.tobytes(), "RGB", BitsAllocated=16, BitsStored=12, HighBit=11)
    one = build_dicom(GRAY.astype(np.uint16) * 16, attributes={"WindowCenter": None, "WindowWidth": None})
    np.testing.assert_array_equal(decode_radiograph(content).pixels, decode_radiograph(one).pixels)


def test_a_window_is_not_applied_to_three_samples() -> None:
    content = native(RGB.tobytes(), "RGB", WindowCenter="10", WindowWidth="5")
    np.testing.assert_allclose(decode_radiograph(content).pixels, GRAY / 255, atol=1e-6)


def jpeg(stored: np.ndarray, space: str = "YCBCR", subsampling: str = "444") -> bytes:
    options = {"colorspace": "RGB", "outcolorspace": space, "level": 95}
    return bytes(imagecodecs.jpeg8_encode(stored, subsampling=subsampling, **options))


def rle(stored: np.ndarray) -> bytes:
    dataset = build_dataset(GRAY, factory.EXPLICIT, 8)
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = "RGB", 3, 0
    dataset.compress(UID(factory.RLE), stored, encoding_plugin="pydicom", generate_instance_uid=False)
    return to_bytes(dataset)


def j2k(stored: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(stored, level=0, codecformat="J2K", reversible=True))


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize(
    "codestream", [jpeg(RGB), jpeg(RGB, subsampling="422"), jpeg(RGB, subsampling="420"), jpeg(RGB, "RGB")]
)
def test_jpeg_in_gray_whatever_its_colour_space_is_said_to_be(codestream: bytes, photometric: str) -> None:
    content = compressed(codestream, factory.JPEG_BASELINE, photometric)
    np.testing.assert_allclose(decode_radiograph(content).pixels, GRAY / 255, atol=0.03)


@pytest.mark.parametrize(
    "content",
    [
        compressed(j2k(RGB), factory.JPEG_2000_LOSSLESS, "YBR_RCT"),
        compressed(j2k(RGB), factory.JPEG_2000_LOSSLESS, "RGB"),
        compressed(bytes(imagecodecs.jpegls_encode(RGB)), factory.JPEG_LS, "RGB"),
        compressed(bytes(imagecodecs.htj2k_encode(RGB)), "1.2.840.10008.1.2.4.201", "YBR_RCT"),
        rle(RGB),
    ],
)
def test_lossless_gray_in_three_samples(content: bytes) -> None:
    np.testing.assert_allclose(decode_radiograph(content).pixels, GRAY / 255, atol=1e-6)


def test_the_picture_decides_how_many_samples_it_has() -> None:
    three = compressed(jpeg(RGB), factory.JPEG_BASELINE, "MONOCHROME2", samples=1)
    one = compressed(bytes(imagecodecs.jpeg8_encode(GRAY, level=95)), factory.JPEG_BASELINE, "YBR_FULL_422")
    for content in (three, one):
        np.testing.assert_allclose(decode_radiograph(content).pixels, GRAY / 255, atol=0.03)


@pytest.mark.parametrize(
    "content",
    [
        native(RED.tobytes(), "RGB"),
        native(RED.tobytes(), "YBR_FULL"),
        compressed(jpeg(RED), factory.JPEG_BASELINE, "YBR_FULL_422"),
        compressed(jpeg(RED), factory.JPEG_BASELINE, "RGB"),
        compressed(j2k(RED), factory.JPEG_2000_LOSSLESS, "YBR_RCT"),
        rle(RED),
        compressed(jpeg(RED), factory.JPEG_BASELINE, "MONOCHROME2", samples=1),
    ],
)
def test_colour_is_refused(content: bytes) -> None:
    with pytest.raises(ColorError, match=r"\d\d% of the pixels have a colour; pictures in gray are accepted"):
        decode_radiograph(content)


def test_a_coloured_marker_is_no_coloured_picture() -> None:
    marked = RGB.copy()
    marked[2:8, 2:8] = (255, 0, 0)
    assert decode_radiograph(native(marked.tobytes(), "RGB")).pixels.shape == (96, 80)
    marked[:20, :20] = (255, 0, 0)
    with pytest.raises(ColorError):
        decode_radiograph(native(marked.tobytes(), "RGB"))


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(PixelDataLengthError):
        decode_radiograph(native(GRAY.tobytes(), "RGB"))


@pytest.mark.parametrize(
    ("photometric", "samples", "error"),
    [
        ("RGB", 1, InvalidAttributeError),
        ("MONOCHROME2", 3, InvalidAttributeError),
        ("HSV", 3, ColorError),
        ("CMYK", 4, ColorError),
    ],
)
def test_samples_that_no_photometric_interpretation_has(
    photometric: str, samples: int, error: type[RadiographError]
) -> None:
    with pytest.raises(error, match=r"are accepted|is accepted"):
        decode_radiograph(native(RGB.tobytes(), photometric, SamplesPerPixel=samples))


def palette(*tables: np.ndarray, bits: int = 8, first: int = 0) -> bytes:
    dataset = build_dataset(GRAY, factory.EXPLICIT, 8)
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for color, entries in zip(("Red", "Green", "Blue"), tables, strict=True):
        keyword = f"{color}PaletteColorLookupTable"
        setattr(dataset, f"{keyword}Descriptor", [entries.size % 65536, first, bits])
        dataset[f"{keyword}Descriptor"].VR = "US"
        setattr(dataset, f"{keyword}Data", entries.astype(np.uint8 if bits == 8 else "<u2").tobytes())
        dataset[f"{keyword}Data"].VR = "OW"
    return to_bytes(dataset)


EIGHT, SIXTEEN = np.arange(256), np.arange(256) * 257


def test_a_palette_in_gray_is_read() -> None:
    np.testing.assert_allclose(decode_radiograph(palette(EIGHT, EIGHT, EIGHT)).pixels, GRAY / 255, atol=1e-6)
    deep = palette(SIXTEEN, SIXTEEN, SIXTEEN, bits=16)
    np.testing.assert_allclose(decode_radiograph(deep).pixels, GRAY / 255, atol=1e-6)
    inverse = palette(*[EIGHT[::-1]] * 3)
    np.testing.assert_allclose(decode_radiograph(inverse).pixels, 1 - GRAY / 255, atol=1e-6)


def test_a_palette_in_colour_and_one_that_is_not_there_are_refused() -> None:
    with pytest.raises(ColorError, match="a palette in gray is accepted"):
        decode_radiograph(palette(EIGHT, EIGHT[::-1], EIGHT))
    with pytest.raises(ColorError, match="a palette that is not read"):
        decode_radiograph(build_dicom(GRAY, bits=8, attributes={"PhotometricInterpretation": "PALETTE COLOR"}))
