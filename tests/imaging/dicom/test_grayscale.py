"""One pixel for each property of the grayscale pipeline."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from imaging import RadiographError, decode_radiograph
from imaging.dicom.voi import apply_window
from tests.imaging.dicom_factory import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_EXTENDED,
    RLE,
    build_dataset,
    build_dicom,
    ramp,
    to_bytes,
)

FULL = {"WindowCenter": "2048", "WindowWidth": "4096"}
NO_WINDOW = {"WindowCenter": None, "WindowWidth": None}


def one_pixel(value: int, dtype: type = np.uint16) -> np.ndarray:
    """Return a ramp whose first pixel holds `value`."""
    stored = ramp(11).astype(dtype)
    stored[0, 0] = value
    return stored


def shown(
    value: int, *, dtype: type = np.uint16, bits: int = 12, syntax: str = EXPLICIT, **attributes: object
) -> float:
    """Return how the first pixel is displayed."""
    content = build_dicom(one_pixel(value, dtype), syntax=syntax, bits=bits, attributes=attributes)
    return float(decode_radiograph(content).pixels[0, 0])


def table(first: int, entries: list[int], bits: int, *, vr: str = "US", order: str = "<") -> list[Dataset]:
    """Return a LUT sequence; LUT Data is US or OW, and OW is what implicit VR means by it."""
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.ModalityLUTType = "US"
    item.add_new("LUTData", vr, entries if vr == "US" else np.array(entries, f"{order}u2").tobytes())
    return [item]


def test_linear_window_follows_the_standard_s_formula() -> None:
    # PS3.3 C.11.2.1.2.1: ((x - (c - 0.5)) / (w - 1) + 0.5)
    assert shown(1000, **FULL) == pytest.approx((1000 - 2047.5) / 4095 + 0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0.0), (899, 0.0), (900, 0.0), (1000, 0.5025), (1099, 1.0), (2000, 1.0)]
)
def test_linear_window_ends_where_the_standard_says(value: int, expected: float) -> None:
    assert shown(value, WindowCenter="1000", WindowWidth="200") == pytest.approx(expected, abs=1e-4)


def test_a_window_of_width_one_is_a_step() -> None:
    assert [shown(value, WindowCenter="1000", WindowWidth="1") for value in (999, 1000)] == [0.0, 1.0]


def test_linear_exact_window() -> None:
    window = {"WindowCenter": "1000", "WindowWidth": "200", "VOILUTFunction": "LINEAR_EXACT"}
    assert shown(1000, **window) == pytest.approx(0.5)
    assert shown(950, **window) == pytest.approx(0.25)


def test_sigmoid_window() -> None:
    window = {"WindowCenter": "1000", "WindowWidth": "200", "VOILUTFunction": "SIGMOID"}
    assert shown(1050, **window) == pytest.approx(1 / (1 + np.exp(-1.0)), abs=1e-6)


def test_of_several_windows_the_first_counts() -> None:
    several = shown(1000, WindowCenter=["1000", "10"], WindowWidth=["200", "20"])
    assert several == shown(1000, WindowCenter="1000", WindowWidth="200")


def test_voi_lut_sequence_wins_over_the_window() -> None:
    assert shown(101, VOILUTSequence=table(100, [0, 64, 255], 8), **FULL) == pytest.approx(64 / 255)


@pytest.mark.parametrize(("value", "entry"), [(0, 0), (2000, 255)])
def test_values_outside_a_voi_lut_get_its_ends(value: int, entry: int) -> None:
    assert shown(value, VOILUTSequence=table(100, [0, 64, 255], 8)) == pytest.approx(entry / 255)


def test_rescale_comes_before_the_window() -> None:
    rescaled = shown(1000, RescaleSlope="2", RescaleIntercept="-500", WindowCenter="1500.5", WindowWidth="1001")
    assert rescaled == pytest.approx(0.5)


def test_a_negative_slope_inverts_the_values_and_not_the_window() -> None:
    attributes = {"RescaleSlope": "-1", "RescaleIntercept": "4095", **FULL}
    assert shown(0, **attributes) == pytest.approx(1.0, abs=1e-3)


def test_modality_lut_sequence_comes_before_the_window() -> None:
    entries = [4095 - value for value in range(4096)]
    assert shown(1000, ModalityLUTSequence=table(0, entries, 16), **FULL) == shown(3095, **FULL)


@pytest.mark.parametrize("vr", ["US", "OW"])
@pytest.mark.parametrize(("syntax", "order"), [(EXPLICIT, "<"), (IMPLICIT, "<"), (BIG_ENDIAN, ">")])
def test_lookup_tables_are_read_in_their_byte_order(syntax: str, order: str, vr: str) -> None:
    sequence = table(0, [value * 16 for value in range(4096)], 16, vr=vr, order=order)
    assert shown(1000, syntax=syntax, VOILUTSequence=sequence) == pytest.approx(16000 / 65535)


def test_eight_bit_entries_lie_two_in_a_word() -> None:
    item = table(0, list(range(256)), 8, vr="OW")[0]
    item.LUTData = bytes(range(256))
    assert shown(100, VOILUTSequence=[item]) == pytest.approx(100 / 255)


def test_a_descriptor_of_zero_entries_stands_for_65536() -> None:
    item = table(0, [0], 16)[0]
    item.LUTDescriptor = [0, 0, 16]
    item.add_new("LUTData", "OW", np.arange(65536, dtype="<u2").tobytes())
    assert shown(1000, VOILUTSequence=[item]) == pytest.approx(1000 / 65535)


def test_a_modality_lut_may_begin_below_zero() -> None:
    sequence = table(65536 - 1000, list(range(2000)), 16)
    shown_value = shown(-500, dtype=np.int16, ModalityLUTSequence=sequence, WindowCenter="500.5", WindowWidth="1001")
    assert shown_value == pytest.approx(0.5, abs=1e-3)


def test_monochrome1_is_inverted_after_the_window() -> None:
    window = {"WindowCenter": "1000", "WindowWidth": "200"}
    assert shown(1020, PhotometricInterpretation="MONOCHROME1", **window) == pytest.approx(1 - shown(1020, **window))


def test_presentation_lut_shape_does_not_invert_a_second_time() -> None:
    inverse = shown(1000, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE", **FULL)
    assert inverse == shown(1000, PhotometricInterpretation="MONOCHROME1", **FULL)


def test_signed_pixels_keep_their_sign() -> None:
    window = {"WindowCenter": "0.5", "WindowWidth": "2001"}
    assert shown(-1000, dtype=np.int16, **window) == 0.0
    assert shown(-500, dtype=np.int16, **window) == pytest.approx(0.25)


def test_the_sign_is_the_high_bit_of_the_bits_stored() -> None:
    # 0x0FFF is -1 in 12 bits, although the unused bits above are not set
    pattern = one_pixel(0).astype(np.uint16)
    pattern[0, 0] = 0x0FFF
    content = build_dicom(pattern.view(np.int16), attributes={"WindowCenter": "0", "WindowWidth": "3"})
    assert decode_radiograph(content).pixels[0, 0] == pytest.approx(0.25)


def test_bits_above_the_bits_stored_are_no_part_of_the_value() -> None:
    assert shown(0xF000 | 1000, **FULL) == shown(1000, **FULL)


def test_a_high_bit_above_the_bits_stored_shifts() -> None:
    assert shown(1000 << 4, HighBit=15, **FULL) == shown(1000, **FULL)


def test_a_high_bit_that_no_pixel_reaches_does_not_shift() -> None:
    for syntax in (EXPLICIT, RLE):
        content = build_dicom(ramp(12), syntax=syntax, attributes={"HighBit": 15, **FULL})
        np.testing.assert_allclose(decode_radiograph(content).pixels, ramp(12) / 4095, atol=1e-6)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 15, 16])
def test_every_depth_reaches_black_and_white(bits: int) -> None:
    pixels = decode_radiograph(build_dicom(ramp(bits), bits=bits)).pixels
    assert (pixels[0, 0], pixels[-1, -1]) == (0.0, 1.0)


def test_padding_is_black() -> None:
    assert shown(2000, PixelPaddingValue=2000, **FULL) == 0.0
    assert shown(2001, PixelPaddingValue=2000, **FULL) > 0.4


def test_padding_is_black_in_monochrome1_too() -> None:
    assert shown(0, PixelPaddingValue=0, PhotometricInterpretation="MONOCHROME1", **FULL) == 0.0


def test_a_range_of_padding_is_black() -> None:
    padding = {"PixelPaddingValue": 3000, "PixelPaddingRangeLimit": 3500}
    assert [shown(value, **padding, **FULL) == 0.0 for value in (2999, 3000, 3250, 3500, 3501)] == [0, 1, 1, 1, 0]


def test_without_a_window_the_percentiles_are_the_ends() -> None:
    stored = np.full((100, 100), 1000, np.uint16)
    stored[:, :50], stored[0, 0], stored[0, 1] = 500, 4095, 0  # one hot and one dead pixel
    pixels = decode_radiograph(build_dicom(stored, attributes=NO_WINDOW)).pixels
    assert (pixels[50, 10], pixels[50, 90]) == (0.0, 1.0)


def test_without_a_window_padding_does_not_count() -> None:
    stored = ramp(11)
    stored[:20] = 4095
    pixels = decode_radiograph(build_dicom(stored, attributes={"PixelPaddingValue": 4095, **NO_WINDOW})).pixels
    assert pixels[-1, -1] == 1.0
    assert pixels[0, 0] == 0.0
    assert pixels[20, 0] < 0.02


def test_without_a_window_eight_bits_are_taken_as_displayed() -> None:
    stored = (ramp(7)).astype(np.uint8)
    pixels = decode_radiograph(build_dicom(stored, bits=8, attributes=NO_WINDOW)).pixels
    np.testing.assert_allclose(pixels, stored / 255, atol=1e-6)


@pytest.mark.parametrize("keyword", ["WindowCenter", "WindowWidth"])
def test_an_empty_window_counts_as_absent(keyword: str) -> None:
    content = build_dicom(attributes={keyword: ""})
    without = build_dicom(attributes=NO_WINDOW)
    np.testing.assert_array_equal(decode_radiograph(content).pixels, decode_radiograph(without).pixels)


def test_lossy_overshoot_stays_white() -> None:
    stored = np.where(np.indices((64, 64)).sum(axis=0) % 16 < 8, 0, 1023).astype(np.uint16)
    content = build_dicom(stored, syntax=JPEG_EXTENDED, bits=10)
    pixels = decode_radiograph(content).pixels
    assert pixels[stored == 1023].min() > 0.9


@pytest.mark.parametrize(
    "attributes",
    [
        {"RescaleSlope": "1e308", "RescaleIntercept": "1e308"},
        {"RescaleSlope": ["1", "2"], "RescaleIntercept": "0"},
        {"ModalityLUTSequence": table(0, [7], 12)},
    ],
)
def test_a_senseless_pipeline_is_refused(attributes: dict[str, object]) -> None:
    content = build_dicom(attributes=attributes)
    with pytest.raises(RadiographError) as refused:
        decode_radiograph(content)
    assert refused.value.reason_code == "invalid_attribute"


@pytest.mark.parametrize("slope", ["0", "0.0", "", "   ", None])
def test_a_slope_that_nobody_has_set_changes_nothing(slope: str | None) -> None:
    content = build_dicom(attributes={"RescaleIntercept": "0"} | ({} if slope is None else {"RescaleSlope": slope}))
    np.testing.assert_allclose(decode_radiograph(content).pixels, ramp(12) / 4095, atol=1e-6)


@pytest.mark.parametrize("window", [{}, NO_WINDOW])
def test_padding_that_covers_the_whole_picture_is_none(window: dict[str, object]) -> None:
    content = build_dicom(attributes={"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 65535, **window})
    assert decode_radiograph(content).pixels.max() == 1.0


@pytest.mark.parametrize("slope", [["2", "2"], "2,0", "2.0 "])
def test_a_slope_given_twice_or_with_a_comma_is_read(slope: object) -> None:
    marks = {"RescaleSlope": "1111111111111111", "RescaleIntercept": "0"}
    text = "\\".join(slope) if isinstance(slope, list) else str(slope)
    content = build_dicom(attributes=marks).replace(b"1111111111111111", text.ljust(16).encode())
    doubled = build_dicom(attributes={"RescaleSlope": "2", "RescaleIntercept": "0"})
    np.testing.assert_array_equal(decode_radiograph(content).pixels, decode_radiograph(doubled).pixels)


@pytest.mark.parametrize("value", [[1, 2], 70000])
def test_a_padding_value_that_is_none_does_not_cost_the_picture(value: object) -> None:
    dataset = build_dataset(ramp(12))
    dataset.add_new("PixelPaddingValue", "US" if isinstance(value, list) else "UL", value)
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, ramp(12) / 4095, atol=1e-6)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_windows_agree_with_pydicom(function: str) -> None:
    dataset = Dataset()
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = "700.5", "333", function
    dataset.BitsStored, dataset.PixelRepresentation = 12, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    values = np.arange(4096)
    expected = apply_voi_lut(values, dataset) / 4095
    np.testing.assert_allclose(apply_window(values.astype(np.float64), 700.5, 333.0, function), expected, atol=1e-9)


def test_modality_luts_agree_with_pydicom() -> None:
    entries = [int(value) for value in np.linspace(10, 4000, 500)]
    attributes = {"ModalityLUTSequence": table(300, entries, 16), "WindowCenter": "2048", "WindowWidth": "4096"}
    dataset = Dataset()
    dataset.ModalityLUTSequence = table(300, entries, 16)
    expected = (apply_modality_lut(ramp(12), dataset) - 2047.5) / 4095 + 0.5
    pixels = decode_radiograph(build_dicom(ramp(12), attributes=attributes)).pixels
    np.testing.assert_allclose(pixels, expected, atol=1e-6)
