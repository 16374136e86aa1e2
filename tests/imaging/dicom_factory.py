"""DICOM files with one property at a time, written with pydicom and encoded for every accepted transfer syntax."""

import warnings
from collections.abc import Mapping
from io import BytesIO

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, RLELossless

Stored = npt.NDArray[np.generic]

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEG_LS, JPEG_LS_NEAR = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS, JPEG_2000 = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
RLE = "1.2.840.10008.1.2.5"

NATIVE_SYNTAXES = (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN)
LOSSLESS_SYNTAXES = (*NATIVE_SYNTAXES, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, RLE)


def ramp(bits: int = 12, rows: int = 64, columns: int = 80) -> npt.NDArray[np.uint16]:
    """Return a smooth picture that starts at 0 and ends at the greatest value of `bits`."""
    return np.linspace(0, 2**bits - 1, rows * columns).round().astype(np.uint16).reshape(rows, columns)


def encode(stored: Stored, syntax: str, bits: int) -> bytes:
    """Return one codestream."""
    if syntax == JPEG_BASELINE:
        return bytes(imagecodecs.jpeg8_encode(stored.astype(np.uint8), level=95))
    if syntax == JPEG_EXTENDED:
        return bytes(imagecodecs.jpeg8_encode(stored, level=95, bitspersample=12))
    if syntax in (JPEG_LOSSLESS, JPEG_LOSSLESS_SV1):
        predictor = 1 if syntax == JPEG_LOSSLESS_SV1 else 4
        return bytes(imagecodecs.jpeg8_encode(stored, lossless=True, predictor=predictor, bitspersample=bits))
    if syntax in (JPEG_LS, JPEG_LS_NEAR):
        return bytes(imagecodecs.jpegls_encode(stored, level=2 if syntax == JPEG_LS_NEAR else 0))
    lossless = syntax == JPEG_2000_LOSSLESS
    return bytes(
        imagecodecs.jpeg2k_encode(
            stored, level=0 if lossless else 80, codecformat="J2K", reversible=lossless, bitspersample=bits
        )
    )


def build_dataset(stored: Stored, syntax: str = EXPLICIT, bits: int = 12) -> Dataset:
    """Return a complete DX image around stored values of `bits` bits."""
    dataset = Dataset()
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.2", "1.2.3.3"
    dataset.Modality, dataset.PresentationIntentType = "DX", "FOR PRESENTATION"
    dataset.BodyPartExamined, dataset.ViewPosition = "CHEST", "PA"
    dataset.PatientName, dataset.PatientID, dataset.AccessionNumber = "CANARY^NAME", "CANARY-ID", "CANARY-ACC"
    dataset.PatientAge, dataset.PatientSex = "006M", "F"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = stored.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = 1 if stored.dtype.kind == "i" else 0
    dataset.WindowCenter, dataset.WindowWidth = str(2 ** (bits - 1)), str(2**bits)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    _set_pixels(dataset, stored, syntax, bits)
    return dataset


def _set_pixels(dataset: Dataset, stored: Stored, syntax: str, bits: int) -> None:
    if syntax in NATIVE_SYNTAXES:
        order = ">" if syntax == BIG_ENDIAN else "<"
        dataset.PixelData = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
        dataset["PixelData"].VR = "OW" if stored.dtype.itemsize == 2 else "OB"
    elif syntax == RLE:
        dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT)
        dataset.compress(RLELossless, stored, encoding_plugin="pydicom", generate_instance_uid=False)
    else:
        dataset.PixelData = encapsulate([encode(stored, syntax, bits)])
        dataset["PixelData"].VR = "OB"


def to_bytes(dataset: Dataset, *, whole: bool = True) -> bytes:
    """Return the file; without preamble and File Meta Information where not `whole`."""
    stream = BytesIO()
    if whole:
        dcmwrite(stream, dataset, enforce_file_format=True)
    else:
        meta = dataset.file_meta
        del dataset.file_meta
        dcmwrite(stream, dataset, implicit_vr=meta.TransferSyntaxUID == IMPLICIT, little_endian=True)
    return stream.getvalue()


def build_dicom(
    stored: Stored | None = None,
    *,
    syntax: str = EXPLICIT,
    bits: int = 12,
    attributes: Mapping[str, object] | None = None,
) -> bytes:
    """Return a DX image; `attributes` replace the factory's own, None removes one."""
    dataset = build_dataset(ramp(bits) if stored is None else stored, syntax, bits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of the odd values that tests are about
        for keyword, value in (attributes or {}).items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        return to_bytes(dataset)
