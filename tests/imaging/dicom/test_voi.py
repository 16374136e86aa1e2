"""How a header says that its picture is shown is a claim: the first of it that shows a picture is used."""

from collections.abc import Mapping

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi_lut

from imaging import Note, Radiograph, decode_radiograph
from imaging.phantoms.anatomy import draw_chest
from tests.imaging.dicom_factory import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_LOSSLESS,
    build_dataset,
    build_dicom,
    to_bytes,
)

CHEST = np.rint(draw_chest(1, 96, 80) * 4095).astype(np.uint16)
NO_WINDOW: Mapping[str, object] = {"WindowCenter": None, "WindowWidth": None}
RAMP = np.arange(4096)


def shown(syntax: str = EXPLICIT, stored: np.ndarray = CHEST, **attributes: object) -> Radiograph:
    return decode_radiograph(build_dicom(stored, syntax=syntax, attributes=attributes))


CONTROL = shown().pixels
BY_PIXELS = shown(**NO_WINDOW).pixels
SQUARE = np.rint(65535 * (RAMP / 4095) ** 2)
BY_SQUARE = (CHEST / 4095) ** 2


def table(entries: np.ndarray, bits: int, vr: str = "OW", *, count: int | None = None, first: int = 0) -> Dataset:
    """Return an item of a LUT sequence, written with the given VR."""
    item = Dataset()
    descriptor = [entries.size % 65536 if count is None else count, first, bits]
    item.add_new("LUTDescriptor", "US", [number & 0xFFFF for number in descriptor])
    if vr == "OW":
        item.add_new("LUTData", vr, entries.astype("<u2").tobytes())
    else:
        item.add_new("LUTData", vr, entries.astype(np.int16 if vr == "SS" else np.uint16).tolist())
    return item


@pytest.mark.parametrize("holds", [8, 10, 12, 13, 14, 15, 16])
@pytest.mark.parametrize("says", [8, 10, 12, 16])
def test_a_voi_lut_is_scaled_by_what_its_entries_hold(says: int, holds: int) -> None:
    entries = np.rint(RAMP / 4095 * (2**holds - 1))
    radiograph = shown(VOILUTSequence=[table(entries, says)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1 / 2**holds)
    assert radiograph.notes == ()


def test_entries_that_end_far_below_their_bits_are_scaled_by_the_greatest() -> None:
    radiograph = shown(VOILUTSequence=[table(RAMP * 0.7, 16)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-3)


def test_entries_that_end_below_white_and_have_the_bits_of_the_descriptor_stay_gray() -> None:
    radiograph = shown(VOILUTSequence=[table(RAMP * 0.7, 12)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, 0.7 * CONTROL, atol=1e-3)


def test_a_voi_lut_of_the_bits_that_it_says_agrees_with_pydicom() -> None:
    entries = np.rint(4095 * (RAMP / 4095) ** 2)
    dataset = Dataset()
    dataset.VOILUTSequence = [table(entries, 12, "US")]
    dataset.PixelRepresentation = 0
    expected = apply_voi_lut(CHEST, dataset) / 4095
    np.testing.assert_allclose(shown(VOILUTSequence=[table(entries, 12)]).pixels, expected, atol=1e-6)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("vr", ["US", "SS", "OW"])
def test_lut_data_are_unsigned_whatever_their_vr_is(syntax: str, vr: str, signed: bool) -> None:
    entries = np.rint(RAMP / 4095 * 65535)
    attributes = {"VOILUTSequence": [table(entries, 16, vr)], "BitsStored": 16, "HighBit": 15, **NO_WINDOW}
    content = build_dicom(CHEST.astype(np.int16) if signed else CHEST, syntax=syntax, attributes=attributes)
    np.testing.assert_allclose(decode_radiograph(content).pixels, CONTROL, atol=1e-4)


@pytest.mark.parametrize("vr", ["US", "SS"])
def test_a_table_is_read_in_big_endian_too(vr: str) -> None:
    entries = np.rint(RAMP / 4095 * 65535)
    radiograph = shown(BIG_ENDIAN, VOILUTSequence=[table(entries, 16, vr)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-4)


@pytest.mark.parametrize("first", [-1000, 0, 1000, 40000])
def test_a_table_begins_where_it_covers_the_pixels(first: int) -> None:
    entries = np.linspace(0, 4095, 4096)
    values = {"RescaleSlope": "1", "RescaleIntercept": str(first)}
    radiograph = shown(VOILUTSequence=[table(entries, 12, first=first)], **values, **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-3)


def test_a_table_whose_descriptor_has_the_count_0_for_fewer_entries_is_read() -> None:
    radiograph = shown(VOILUTSequence=[table(RAMP, 12, count=0)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-6)


@pytest.mark.parametrize("entries", [4095, 4090, 3900])
def test_a_table_may_lack_a_few_of_its_last_entries(entries: int) -> None:
    radiograph = shown(VOILUTSequence=[table(SQUARE[:entries], 16, count=4096)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, np.minimum(BY_SQUARE, SQUARE[entries - 1] / 65535), atol=1e-3)
    assert radiograph.notes == ()


def test_a_table_that_lacks_entries_which_no_pixel_asks_for_is_read() -> None:
    dark = CHEST // 2
    radiograph = shown(stored=dark, VOILUTSequence=[table(SQUARE[:2500], 15, count=4096)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, 65535 / 32767 * (dark / 4095) ** 2, atol=1e-3)
    assert radiograph.notes == ()


@pytest.mark.parametrize("descriptor", [[4096, 0], [4096, 0, 16, 0]])
def test_a_descriptor_of_two_or_four_values_says_enough(descriptor: list[int]) -> None:
    item = table(SQUARE, 16)
    item.LUTDescriptor = descriptor
    np.testing.assert_allclose(shown(VOILUTSequence=[item], **NO_WINDOW).pixels, BY_SQUARE, atol=1e-3)


def test_entries_beyond_the_count_are_left_out() -> None:
    radiograph = shown(VOILUTSequence=[table(np.append(RAMP, [9, 9, 9, 9]), 12, count=4096)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-6)


def no_table(*keywords: str) -> Dataset:
    """Return a table that holds only some of its attributes."""
    item = table(RAMP, 12)
    for keyword in {"LUTDescriptor", "LUTData"} - set(keywords):
        delattr(item, keyword)
    return item


@pytest.mark.parametrize("keyword", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("item", [no_table(), no_table("LUTDescriptor"), no_table("LUTData")])
def test_an_empty_item_is_no_table(keyword: str, item: Dataset) -> None:
    radiograph = shown(**{keyword: [item]})
    np.testing.assert_array_equal(radiograph.pixels, CONTROL)
    assert radiograph.notes == ()


def test_a_table_after_an_empty_item_is_used() -> None:
    radiograph = shown(VOILUTSequence=[Dataset(), table(4095 - RAMP, 12)])
    np.testing.assert_allclose(radiograph.pixels, 1 - CONTROL, atol=1e-6)


def test_a_damaged_table_leaves_the_window() -> None:
    radiograph = shown(VOILUTSequence=[table(RAMP[:1000], 12, count=4096)])
    np.testing.assert_array_equal(radiograph.pixels, CONTROL)


@pytest.mark.parametrize(
    ("center", "width"),
    [
        (["0", "2048"], ["0", "4096"]),
        (["2048", "2048"], ["-1", "4096"]),
        (["2048", "2048"], ["0.5", "4096"]),
        (["abc", "2048"], ["4096", "4096"]),
        (["", "2048"], ["", "4096"]),
        (["60000", "2048"], ["100", "4096"]),
        (["-5000", "2048"], ["10", "4096"]),
        (["2048", "100"], ["4096", "5"]),
        (["2048", "100", "3"], "4096"),
        ("2048", ["4096", "5"]),
        ("2048,0", "4096"),
        ("2048", "4096,0"),
        ("2.048,0", "4.096,00"),
        ("2,048.0", "4,096.0"),
        (" 2048 ", "+4096"),
        ("2.048E3", "40.96e2"),
    ],
)
def test_the_first_usable_window_is_used(center: str | list[str], width: str | list[str]) -> None:
    radiograph = decode_radiograph(with_raw_window(center, width))
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-6)
    assert radiograph.notes == ()


@pytest.mark.parametrize(
    ("center", "width"),
    [
        ("0", "0"),
        ("2048", "0"),
        ("2048", "-4096"),
        ("abc", "def"),
        ("1e400", "4096"),
        ("nan", "nan"),
        ("inf", "1"),
        ("2048", ""),
        ("60000", "100"),
        ("-5000", "10"),
        ("2048", "99999999"),
        ("32768", "65536"),
        ("8192", "65536"),
        (["0", "9999"], ["0", "2"]),
        ("2_048", "4_096"),
    ],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_without_a_usable_window_the_pixels_decide_and_a_note_says_so(
    center: str | list[str], width: str | list[str], photometric: str
) -> None:
    radiograph = decode_radiograph(with_raw_window(center, width, PhotometricInterpretation=photometric))
    expected = BY_PIXELS if photometric == "MONOCHROME2" else 1 - BY_PIXELS
    np.testing.assert_allclose(radiograph.pixels, expected, atol=1e-6)
    assert radiograph.notes == (Note.WINDOW_NOT_USED,)


def with_raw_window(center: str | list[str], width: str | list[str], **attributes: object) -> bytes:
    """Write window values that no DICOM library writes."""
    marks = {"WindowCenter": "1111111111111111", "WindowWidth": "2222222222222222"}
    content = build_dicom(CHEST, attributes={**marks, **attributes})
    for mark, said in zip(marks.values(), (center, width), strict=True):
        text = "\\".join(said) if isinstance(said, list) else said
        assert content.count(mark.encode()) == 1
        content = content.replace(mark.encode(), text.ljust(16).encode())
    return content


def test_absent_windows_need_no_note() -> None:
    assert shown(**NO_WINDOW).notes == ()
    assert shown(WindowCenter="", WindowWidth="").notes == ()


def test_a_voi_lut_of_one_gray_leaves_the_window() -> None:
    radiograph = shown(VOILUTSequence=[table(np.full(4096, 4095), 12)])
    np.testing.assert_array_equal(radiograph.pixels, CONTROL)


def test_hot_and_dead_pixels_do_not_make_a_picture() -> None:
    stored = np.rint(draw_chest(1, 400, 320) * 2000).astype(np.uint16)
    stored[5, 5:10] = 4000
    radiograph = shown(stored=stored, WindowCenter="3000", WindowWidth="500")
    assert radiograph.notes == (Note.WINDOW_NOT_USED,)
    assert 0.2 < radiograph.pixels.mean() < 0.8


@pytest.mark.parametrize("slope", ["0.5", "0.01", "0.0001", "0,0001", "-0.0001"])
def test_a_small_slope_makes_widths_small_and_changes_nothing(slope: str) -> None:
    factor = float(slope.replace(",", "."))
    marks = {"RescaleSlope": "3333333333333333", "RescaleIntercept": "0"}
    window = {"WindowCenter": f"{2048 * factor:.8g}", "WindowWidth": f"{4096 * abs(factor):.8g}"}
    content = build_dicom(CHEST, attributes={**marks, **window}).replace(b"3333333333333333", slope.ljust(16).encode())
    pixels = decode_radiograph(content).pixels
    np.testing.assert_allclose(pixels, CONTROL if factor > 0 else 1 - CONTROL, atol=3e-4)


def test_a_width_below_1_without_a_slope_that_makes_it_small_is_none() -> None:
    radiograph = shown(WindowCenter="1000", WindowWidth="0.5")
    np.testing.assert_array_equal(radiograph.pixels, BY_PIXELS)
    assert radiograph.notes == (Note.WINDOW_NOT_USED,)


@pytest.mark.parametrize("width", ["0.4096", "0.00005"])
def test_a_width_below_the_step_of_the_values_is_linear_exact(width: str) -> None:
    rescale = {"RescaleSlope": "0.0001", "RescaleIntercept": "0"}
    window = {"WindowCenter": "0.2", "WindowWidth": width}
    implied = shown(**rescale, **window).pixels
    exact = shown(**rescale, **window, VOILUTFunction="LINEAR_EXACT").pixels
    np.testing.assert_allclose(implied, exact, atol=5e-4)


@pytest.mark.parametrize(
    "function", [["LINEAR", "LINEAR"], ["LINEAR", "SIGMOID"], "CUBIC", ["CUBIC", "LINEAR"], "linear"]
)
def test_a_function_given_twice_or_unknown_is_linear(function: object) -> None:
    radiograph = shown(VOILUTFunction=function)
    np.testing.assert_array_equal(radiograph.pixels, CONTROL)
    assert radiograph.notes == ()


def test_a_sigmoid_given_twice_is_a_sigmoid() -> None:
    twice = shown(VOILUTFunction=["SIGMOID", "SIGMOID"]).pixels
    np.testing.assert_array_equal(twice, shown(VOILUTFunction="SIGMOID").pixels)
    assert abs(twice - CONTROL).max() > 0.05


def test_samples_of_a_decoder_above_the_bits_stored_do_not_ask_more_of_a_table() -> None:
    radiograph = shown(JPEG_LOSSLESS, VOILUTSequence=[table(RAMP, 12, count=5000)], **NO_WINDOW)
    np.testing.assert_allclose(radiograph.pixels, CONTROL, atol=1e-6)


def test_the_modality_lut_s_own_bits_do_not_scale() -> None:
    dataset = build_dataset(CHEST)
    dataset.ModalityLUTSequence = [table(RAMP, 16, "SS")]
    dataset.ModalityLUTSequence[0].ModalityLUTType = "US"
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, CONTROL, atol=1e-6)
