"""Who and what a DICOM radiograph shows, as far as the product needs it. Patient's Name is never read."""

import re

from pydicom.dataset import Dataset

from imaging.dicom.attributes import required_uid, text
from imaging.dicom.header import DicomFile
from imaging.dicom.pixel_layout import PixelLayout
from imaging.fence import fence
from imaging.radiograph import Identity
from imaging.unreadable import InvalidAttributeError

_AGE = re.compile(r"(\d{3})([DWMY])")
_SEXES = {"M", "F", "O"}
_UNITS_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}


def check_uids(dataset: Dataset) -> None:
    """Refuse a file whose identifying UIDs are missing or break the syntax of PS3.5 section 9.1.

    Raises
    ------
    MissingAttributeError, InvalidUidError
        SOP Class, SOP Instance, Study Instance or Series Instance UID cannot be used.
    """
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        required_uid(dataset, keyword)


def read_identity(file: DicomFile, layout: PixelLayout) -> Identity:
    """Collect the identity of a radiograph.

    Parameters
    ----------
    file : DicomFile
        A header whose UIDs were checked.
    layout : PixelLayout
        Size and depth of the picture.

    Returns
    -------
    Identity
        Absent, empty and unusable attributes are None; nothing is guessed.
    """
    dataset = file.dataset
    return Identity(
        source_format="dicom",
        sop_class_uid=required_uid(dataset, "SOPClassUID"),
        sop_instance_uid=required_uid(dataset, "SOPInstanceUID"),
        study_instance_uid=required_uid(dataset, "StudyInstanceUID"),
        series_instance_uid=required_uid(dataset, "SeriesInstanceUID"),
        modality=text(dataset, "Modality"),
        view_position=text(dataset, "ViewPosition"),
        body_part_examined=text(dataset, "BodyPartExamined"),
        patient_id=text(dataset, "PatientID"),
        accession_number=text(dataset, "AccessionNumber"),
        patient_age_years=_age_years(text(dataset, "PatientAge")),
        patient_sex=_sex(text(dataset, "PatientSex")),
        manufacturer=text(dataset, "Manufacturer"),
        station_name=text(dataset, "StationName"),
        transfer_syntax_uid=file.syntax.uid,
        photometric_interpretation=text(dataset, "PhotometricInterpretation"),
        presentation_intent_type=text(dataset, "PresentationIntentType"),
        rows=layout.rows,
        columns=layout.columns,
        bits_stored=layout.bits_stored,
        pixel_spacing_mm=_spacing_mm(dataset, "PixelSpacing") or _spacing_mm(dataset, "ImagerPixelSpacing"),
        burned_in_annotation=text(dataset, "BurnedInAnnotation"),
    )


def _sex(sex: str | None) -> str | None:
    """Keep the defined values (PS3.3 C.7.1.1): in a place for one letter anything else may be a name."""
    return sex if sex in _SEXES else None


def _age_years(age: str | None) -> float | None:
    """Convert an Age String (AS, PS3.5 section 6.2) such as 006M."""
    matched = _AGE.fullmatch(age or "")
    return int(matched[1]) / _UNITS_A_YEAR[matched[2]] if matched else None


def _spacing_mm(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    try:
        with fence(InvalidAttributeError, keyword):
            rows, columns = (float(value) for value in dataset.get(keyword) or (0, 0))
    except InvalidAttributeError:
        return None
    usable = 0 < rows < float("inf") and 0 < columns < float("inf")
    return (rows, columns) if usable else None
