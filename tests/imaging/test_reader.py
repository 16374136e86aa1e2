"""The one reader: only its own errors leave it, whatever the bytes are."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import RadiographError, UnreadableRadiographError, decode_radiograph, read_radiograph
from imaging.errors import UndecodableRadiographError
from imaging.phantoms.files import write_png_phantom
from tests.imaging import dicom_factory as factory
from tests.imaging.dicom_factory import build_dicom

SEEDS = [build_dicom(syntax=syntax) for syntax in (*factory.LOSSLESS_SYNTAXES, factory.JPEG_EXTENDED)]


def test_the_name_of_a_file_is_never_asked(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(build_dicom())
    assert read_radiograph(path).identity.source_format == "dicom"


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_files_give_a_sound_picture_or_a_named_reason(seed: bytes, changes: list[tuple[float, int]]) -> None:
    damaged = bytearray(seed)
    for place, value in changes:
        damaged[132 + int(place * (len(damaged) - 133))] = value
    check(bytes(damaged))


@pytest.mark.parametrize("value", [0x00, 0xFF])
def test_each_single_damaged_byte_of_a_header_is_a_decision(value: int) -> None:
    content = build_dicom()
    for place in range(128, len(content) - 64 * 80 * 2):
        check(content[:place] + bytes([value]) + content[place + 1 :])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SEEDS), st.floats(0, 1), st.floats(0, 1), st.binary(max_size=12))
def test_spliced_files_give_a_sound_picture_or_a_named_reason(
    seed: bytes, start: float, length: float, inserted: bytes
) -> None:
    first = 132 + int(start * (len(seed) - 132))
    check(seed[:first] + inserted + seed[first + int(length * 40) :])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", bytes(128) + b"DICM", b"\x08\0\x16\0UI"]), st.binary()
)
def test_any_bytes_give_a_named_reason(start: bytes, content: bytes) -> None:
    with pytest.raises(RadiographError):
        decode_radiograph(start + content)


def check(content: bytes) -> None:
    try:
        pixels = decode_radiograph(content).pixels
    except UndecodableRadiographError:
        raise  # caught, and yet a gap in the checks
    except RadiographError:
        return
    assert np.isfinite(pixels).all()
    assert 0.0 <= pixels.min() < pixels.max() <= 1.0


def test_what_no_check_foresaw_is_a_decision_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: bytes, *, for_model: bool) -> None:
        raise KeyError("CANARY")

    monkeypatch.setattr("imaging.dicom.decoding.decode_dicom", fail)
    with pytest.raises(UnreadableRadiographError, match="KeyError in fail") as refused:
        decode_radiograph(build_dicom())
    assert refused.value.reason_code == "undecodable"
    assert "CANARY" not in str(refused.value)


def test_an_os_error_of_a_decoder_is_about_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    # Pillow reports a cut-off file as OSError, which would be tried again for ever
    def fail(_: bytes, *, for_model: bool) -> None:
        raise OSError("image file is truncated")

    monkeypatch.setattr("imaging.dicom.decoding.decode_dicom", fail)
    with pytest.raises(UnreadableRadiographError):
        decode_radiograph(build_dicom())


def test_too_little_memory_is_not_the_file_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: bytes, *, for_model: bool) -> None:
        raise MemoryError

    monkeypatch.setattr("imaging.dicom.decoding.decode_dicom", fail)
    with pytest.raises(MemoryError):
        decode_radiograph(build_dicom())


def test_a_film_gives_the_same_pixels_as_png_and_as_dicom(tmp_path: Path) -> None:
    from PIL import Image

    write_png_phantom(tmp_path / "film.png", seed=3, rows=80, columns=64)
    gray = np.asarray(Image.open(tmp_path / "film.png"))
    content = build_dicom(gray, bits=8, attributes={"WindowCenter": None, "WindowWidth": None})
    png = read_radiograph(tmp_path / "film.png").pixels
    np.testing.assert_allclose(decode_radiograph(content).pixels, png, atol=1e-6)
