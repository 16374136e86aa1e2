"""Every accepted transfer syntax decodes to the right pixels; every other one is refused by name."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import write_file_meta_info
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import UID

from imaging import RadiographError, decode_radiograph
from imaging.errors import CodestreamMismatchError, TransferSyntaxNotAcceptedError, TruncatedFileError
from tests.conftest import REPOSITORY
from tests.imaging import dicom_factory as factory
from tests.imaging.dicom_factory import build_dataset, build_dicom, encode, ramp, to_bytes


@pytest.mark.parametrize("syntax", factory.LOSSLESS_SYNTAXES)
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_lossless_syntaxes_give_the_stored_values(syntax: str, bits: int) -> None:
    stored = ramp(bits).astype(np.uint8) if bits == 8 else ramp(bits)
    window = {"WindowCenter": str(2 ** (bits - 1)), "WindowWidth": str(2**bits)}
    radiograph = decode_radiograph(build_dicom(stored, syntax=syntax, bits=bits, attributes=window))
    np.testing.assert_allclose(radiograph.pixels, stored / (2**bits - 1), atol=1e-6)
    assert radiograph.identity.transfer_syntax_uid == syntax


@pytest.mark.parametrize(
    ("syntax", "bits", "tolerance"),
    [
        (factory.JPEG_BASELINE, 8, 3 / 255),
        (factory.JPEG_EXTENDED, 12, 16 / 4095),
        (factory.JPEG_LS_NEAR, 12, 2 / 4095),
        (factory.JPEG_2000, 12, 16 / 4095),
    ],
)
def test_lossy_syntaxes_come_close(syntax: str, bits: int, tolerance: float) -> None:
    stored = ramp(bits).astype(np.uint8) if bits == 8 else ramp(bits)
    pixels = decode_radiograph(build_dicom(stored, syntax=syntax, bits=bits)).pixels
    np.testing.assert_allclose(pixels, stored / (2**bits - 1), atol=tolerance + 1e-6)


@pytest.mark.parametrize("predictor", range(1, 8))
def test_all_predictors_of_jpeg_lossless_decode(predictor: int) -> None:
    dataset = build_dataset(ramp(12), factory.JPEG_LOSSLESS)
    codestream = imagecodecs.jpeg8_encode(ramp(12), lossless=True, predictor=predictor, bitspersample=12)
    dataset.PixelData = encapsulate([bytes(codestream)])
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, ramp(12) / 4095, atol=1e-6)


@pytest.mark.parametrize(
    "syntax", [factory.EXPLICIT, factory.RLE, factory.JPEG_LOSSLESS_SV1, factory.JPEG_2000_LOSSLESS]
)
def test_signed_pixels_survive_the_encoding(syntax: str) -> None:
    stored = (ramp(12).astype(np.int32) - 2048).astype(np.int16)
    dataset = build_dataset(stored, factory.EXPLICIT)
    if syntax == factory.RLE:
        dataset = build_dataset(stored, syntax)
    elif syntax != factory.EXPLICIT:
        # JPEG knows no sign: the 12 bits of the two's complement are what is encoded (PS3.5 section 8.2)
        coded = stored if syntax == factory.JPEG_2000_LOSSLESS else stored.view(np.uint16) & 0x0FFF
        dataset.PixelData = encapsulate([encode(coded, syntax, 12)])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.WindowCenter, dataset.WindowWidth = "0", "4096"
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, (stored + 2048.0) / 4095, atol=1e-3)


def test_eight_bit_words_of_big_endian_files_are_swapped() -> None:
    stored = ramp(8).astype(np.uint8)
    dataset = build_dataset(stored, factory.BIG_ENDIAN, bits=8)
    dataset.PixelData = stored.reshape(-1, 2)[:, ::-1].tobytes()
    dataset["PixelData"].VR = "OW"
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, stored / 255, atol=1e-6)


def test_an_odd_number_of_bytes_is_padded_with_one() -> None:
    stored = ramp(8, rows=65, columns=79).astype(np.uint8)
    assert decode_radiograph(build_dicom(stored, bits=8)).pixels.shape == (65, 79)


@pytest.mark.parametrize("syntax", [factory.EXPLICIT, factory.IMPLICIT])
def test_a_data_set_without_preamble_is_read(syntax: str) -> None:
    content = to_bytes(build_dataset(ramp(12), syntax), whole=False)
    np.testing.assert_allclose(decode_radiograph(content).pixels, ramp(12) / 4095, atol=1e-6)


def test_a_frame_in_several_fragments_is_joined() -> None:
    dataset = build_dataset(ramp(12), factory.JPEG_LS)
    dataset.PixelData = encapsulate([encode(ramp(12), factory.JPEG_LS, 12)], fragments_per_frame=5)
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, ramp(12) / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2"),
        ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
        ("1.2.840.10008.1.2.4.55", "JPEG Full Progression"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4"),
        ("1.2.3.4", "unknown"),
    ],
)
def test_other_syntaxes_are_refused_by_name(syntax: str, name: str) -> None:
    dataset = build_dataset(ramp(12))
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    with pytest.raises(TransferSyntaxNotAcceptedError, match=name) as refused:
        decode_radiograph(_written(dataset))
    identity = refused.value.identity  # of all that compress pixels the data elements are the same
    assert identity is not None
    assert (identity.transfer_syntax_uid, identity.sop_instance_uid) == (syntax, "1.2.3.1")
    assert identity.accession_number == "CANARY-ACC"


def _written(dataset: Dataset) -> bytes:
    """Write native pixels under any transfer syntax, which pydicom's writer rightly refuses."""
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.file_meta.TransferSyntaxUID = UID(factory.EXPLICIT)
    content = to_bytes(dataset)
    stream = BytesIO()
    end = 144 + int.from_bytes(content[140:144], "little")  # by the group length, the first element
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    write_file_meta_info(stream, dataset.file_meta)
    return content[:132] + stream.getvalue() + content[end:]


@pytest.mark.parametrize("said", [*factory.NATIVE_SYNTAXES[:2], factory.BIG_ENDIAN, "", None])
@pytest.mark.parametrize("written", [*factory.NATIVE_SYNTAXES[:2], factory.BIG_ENDIAN])
def test_a_data_set_says_itself_how_it_is_written(written: str, said: str | None) -> None:
    dataset = build_dataset(ramp(12), written)
    content = to_bytes(dataset)
    data_set = content[144 + int.from_bytes(content[140:144], "little") :]
    element = b"" if said is None else b"\x02\0\x10\0UI" + bytes([(len(said) + 1) // 2 * 2, 0]) + said.encode()
    meta = element + b"\0" * (len(element) % 2)
    for prefix in (bytes(128) + b"DICM" + meta, meta if said else b""):  # and without preamble
        np.testing.assert_allclose(decode_radiograph(prefix + data_set).pixels, ramp(12) / 4095, atol=1e-6)


def test_native_pixels_under_a_compressed_syntax_are_refused() -> None:
    dataset = build_dataset(ramp(12))
    dataset.file_meta.TransferSyntaxUID = UID(factory.JPEG_LOSSLESS)
    with pytest.raises(TransferSyntaxNotAcceptedError, match="native pixels"):
        decode_radiograph(_written(dataset))


def test_a_process_of_another_transfer_syntax_is_read() -> None:
    dataset = build_dataset(ramp(12), factory.JPEG_LOSSLESS)
    dataset.file_meta.TransferSyntaxUID = UID(factory.JPEG_EXTENDED)
    np.testing.assert_allclose(decode_radiograph(to_bytes(dataset)).pixels, ramp(12) / 4095, atol=1e-6)


@pytest.mark.parametrize("syntax", [factory.JPEG_LOSSLESS, factory.JPEG_LS, factory.JPEG_2000_LOSSLESS, factory.RLE])
def test_a_codestream_of_another_size_is_refused(syntax: str) -> None:
    content = build_dicom(syntax=syntax, attributes={"Rows": 128})
    with pytest.raises(RadiographError) as refused:
        decode_radiograph(content)
    assert refused.value.reason_code in {"codestream_mismatch", "pixel_data_length"}


def test_a_codestream_deeper_than_the_bits_allocated_is_refused() -> None:
    dataset = build_dataset(ramp(8).astype(np.uint8), factory.JPEG_LS, bits=8)
    dataset.PixelData = encapsulate([encode(ramp(12), factory.JPEG_LS, 12)])
    with pytest.raises(CodestreamMismatchError, match="16 bits"):
        decode_radiograph(to_bytes(dataset))


@pytest.mark.parametrize(
    "syntax", [factory.JPEG_BASELINE, factory.JPEG_LOSSLESS_SV1, factory.JPEG_LS, factory.JPEG_2000]
)
def test_a_codestream_without_its_end_is_truncated(syntax: str) -> None:
    bits = 8 if syntax == factory.JPEG_BASELINE else 12
    stored = ramp(bits).astype(np.uint8) if bits == 8 else ramp(bits)
    dataset = build_dataset(stored, syntax, bits)
    dataset.PixelData = encapsulate([encode(stored, syntax, bits)[:-20]])
    with pytest.raises(TruncatedFileError):
        decode_radiograph(to_bytes(dataset))


# a python-gdcm that can be imported and told its version, and ends the process when it is used, as the real one does
FAKE_GDCM = """
import os

class Version:
    GetVersion = staticmethod(lambda: "3.0.24")

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *_: os._exit(99)
"""


def test_python_gdcm_is_never_used_even_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "gdcm.py").write_text(FAKE_GDCM)
    films = [tmp_path / f"{number}.dcm" for number in range(len(factory.LOSSLESS_SYNTAXES))]
    for film, syntax in zip(films, factory.LOSSLESS_SYNTAXES, strict=True):
        film.write_bytes(build_dicom(syntax=syntax))
    code = "import sys, pathlib, gdcm, imaging; [imaging.read_radiograph(pathlib.Path(film)) for film in sys.argv[1:]]"
    paths = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, films)], env={**os.environ, "PYTHONPATH": paths}, timeout=60, check=False
    )
    assert done.returncode == 0


def test_no_pixel_decoder_of_pydicom_is_ever_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("pydicom was asked to decode")

    contents = [build_dicom(syntax=syntax) for syntax in factory.LOSSLESS_SYNTAXES]
    monkeypatch.setattr(Decoder, "as_array", forbidden)
    monkeypatch.setattr(Decoder, "iter_array", forbidden)
    for content in contents:
        assert decode_radiograph(content).pixels.shape == (64, 80)
