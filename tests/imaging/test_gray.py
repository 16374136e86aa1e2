"""What DICOM, PNG and JPEG pictures have in common."""

import numpy as np
import pytest

from imaging.errors import BlankError, ColorError, TooManyPixelsError, TooSmallError
from imaging.gray import check_size, robust_range, take_gray


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (64, 100_000), (9000, 7000), (11_500, 11_500)])
def test_the_scans_of_films_are_not_too_large(rows: int, columns: int) -> None:
    assert check_size(rows, columns, bytes_per_pixel=2) is None


@pytest.mark.parametrize(("rows", "columns"), [(63, 64), (64, 63), (16, 16), (0, 0), (1, 100_000)])
def test_fewer_than_64_rows_or_columns_are_too_small(rows: int, columns: int) -> None:
    with pytest.raises(TooSmallError, match=f"{rows} rows x {columns} columns; at least 64 x 64 pixels are accepted"):
        check_size(rows, columns, bytes_per_pixel=1)


@pytest.mark.parametrize(("edge", "bytes_per_pixel"), [(13_000, 1), (12_000, 2), (9_500, 5), (65_535, 1)])
def test_memory_bounds_the_size_not_a_number_of_pixels(edge: int, bytes_per_pixel: int) -> None:
    with pytest.raises(TooManyPixelsError, match=r"take \d+ MiB of memory; at most 768 MiB are accepted"):
        check_size(edge, edge, bytes_per_pixel)


def test_the_robust_range_leaves_half_a_percent_at_either_end() -> None:
    picture = np.full((100, 100), 500, np.uint16)
    picture[:50] = 1000
    picture[0, :20], picture[1, :20] = 4095, 0
    none = np.zeros(65536, np.bool_)
    values = np.arange(65536, dtype=np.float64)
    assert robust_range(picture, values, none) == (500, 1000)
    picture[50:] = 1000
    assert robust_range(picture, values, none) == (0, 4095)
    with pytest.raises(BlankError):
        robust_range(np.full((64, 64), 7, np.uint16), values, none)


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (12, np.uint16), (16, np.uint16)])
def test_gray_is_found_in_both_colour_spaces(bits: int, dtype: type) -> None:
    gray = np.linspace(0, 2**bits - 1, 96 * 80).reshape(96, 80).astype(dtype)
    middle = np.full_like(gray, 2 ** (bits - 1))
    np.testing.assert_array_equal(take_gray([gray, gray, gray], bits), gray)
    np.testing.assert_array_equal(take_gray([gray, middle, middle], bits), gray)
    with pytest.raises(ColorError):
        take_gray([gray, gray[::-1], gray], bits)


def test_what_compression_makes_of_gray_is_gray() -> None:
    gray = np.linspace(8, 240, 96 * 80).reshape(96, 80).astype(np.uint8)
    noise = np.random.default_rng(0).integers(-4, 5, (2, 96, 80))
    second, third = (gray + noise).astype(np.uint8)
    np.testing.assert_array_equal(take_gray([gray, second, third], 8), gray)
