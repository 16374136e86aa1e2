"""Synthetic chest phantoms for the demonstration, the tests and the benchmark; own work, nobody's body.

They say that they are synthetic in their pixels and in their header. The same seed gives the same bytes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    generate_uid,
)

from imaging.phantoms.anatomy import draw_chest

Compression = Literal["none", "jpeg_lossless", "jpeg2000"]

NOTICE = "SYNTHETIC phantom, not a patient. Research use only. Not for diagnosis."

_BITS_STORED = 12
_WHITE = 2**_BITS_STORED - 1


def write_dicom_phantom(
    path: Path,
    *,
    seed: int,
    rows: int = 2500,
    columns: int = 2048,
    compression: Compression = "none",
    attributes: Mapping[str, object] | None = None,
) -> None:
    """Write a synthetic chest radiograph as DX image, For Presentation (PS3.3 A.26), 12 bits stored in 16.

    Parameters
    ----------
    path : Path
        File to write; an existing one is replaced.
    seed : int
        Decides anatomy, noise and all UIDs.
    rows, columns : int
        Size in pixels, at least 16.
    compression : "none", "jpeg_lossless" or "jpeg2000"
        Explicit VR Little Endian, JPEG Lossless SV1, or JPEG 2000 Lossless.
    attributes : mapping of str to object, optional
        DICOM keywords and values that replace the phantom's own, for headers that tests need; None removes one.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    stored = np.rint(draw_chest(seed, rows, columns) * np.float32(_WHITE)).astype(np.uint16)
    dataset = _header(seed, rows, columns)
    dataset.file_meta = FileMetaDataset()
    if compression == "none":
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.PixelData = stored.tobytes()
        dataset["PixelData"].VR = "OW"
    else:
        dataset.file_meta.TransferSyntaxUID, encode = _ENCODERS[compression]
        dataset.PixelData = encapsulate([encode(stored)])
        dataset["PixelData"].VR = "OB"
    for keyword, value in (attributes or {}).items():
        _replace(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)


def write_png_phantom(path: Path, *, seed: int, rows: int = 1250, columns: int = 1024) -> None:
    """Write a synthetic chest radiograph as 8-bit gray PNG; a text chunk says that it is synthetic.

    Parameters
    ----------
    path : Path
        File to write; an existing one is replaced.
    seed : int
        Decides anatomy and noise.
    rows, columns : int
        Size in pixels, at least 16.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    gray = np.rint(draw_chest(seed, rows, columns) * np.float32(255)).astype(np.uint8)
    notice = PngImagePlugin.PngInfo()
    notice.add_text("Comment", NOTICE)
    Image.fromarray(gray).save(path, format="PNG", pnginfo=notice, compress_level=1)


def _jpeg_lossless(stored: npt.NDArray[np.uint16]) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(stored, lossless=True, predictor=1, bitspersample=_BITS_STORED))


def _jpeg2000(stored: npt.NDArray[np.uint16]) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(stored, level=0, codecformat="J2K", bitspersample=_BITS_STORED))


_ENCODERS: Mapping[str, tuple[UID, Callable[[npt.NDArray[np.uint16]], bytes]]] = {
    "jpeg_lossless": (JPEGLosslessSV1, _jpeg_lossless),
    "jpeg2000": (JPEG2000Lossless, _jpeg2000),
}


def _replace(dataset: Dataset, keyword: str, value: object) -> None:
    if value is None:
        delattr(dataset, keyword)
    else:
        setattr(dataset, keyword, value)


def _uid(seed: int, role: str) -> UID:
    return generate_uid(entropy_srcs=["xray-watch phantom", role, str(seed)])


def _header(seed: int, rows: int, columns: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = _uid(seed, "instance")
    dataset.StudyInstanceUID = _uid(seed, "study")
    dataset.SeriesInstanceUID = _uid(seed, "series")
    dataset.PatientName = "SYNTHETIC^PHANTOM"
    dataset.PatientID = f"PHANTOM-{seed:06d}"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "O"
    dataset.PatientAge = f"{20 + seed % 60:03d}Y"
    dataset.AccessionNumber = f"SYN{seed:06d}"
    dataset.StudyID = str(seed % 10**6)
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.StudyDate = dataset.ContentDate = "20200101"
    dataset.StudyTime = dataset.ContentTime = "120000"
    dataset.Manufacturer = "xray-watch"
    dataset.StationName = "PHANTOM"
    dataset.ImageComments = NOTICE
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    _describe_pixels(dataset, rows, columns)
    return dataset


def _describe_pixels(dataset: Dataset, rows: int, columns: int) -> None:
    dataset.Modality = "DX"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.StudyDescription = "SYNTHETIC CHEST PA"
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = "PA"
    dataset.PatientOrientation = ["L", "F"]
    dataset.BurnedInAnnotation = "YES"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.PixelSpacing = [0.168, 0.168]
    dataset.BitsAllocated = 16
    dataset.BitsStored = _BITS_STORED
    dataset.HighBit = _BITS_STORED - 1
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
