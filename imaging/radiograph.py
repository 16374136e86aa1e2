"""A radiograph: pixels and identity."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Identity:
    """What the header says about a radiograph; `None` where it says nothing usable.

    The attributes are the DICOM keywords (PS3.6) in snake_case. Patient's Name is never read. Identifiers and free
    text, in which a sender may have put a name, stay out of `repr`, so that they cannot reach a log by accident. All
    text is free of control characters and at most 64 characters long (the limit of LO, PS3.5 section 6.2); longer text
    counts as absent.

    Attributes
    ----------
    source_format : str or None
        "dicom", "png" or "jpeg".
    patient_age_years : float or None
        Patient's Age (AS), in years; days, weeks and months as fractions.
    rows, columns : int or None
        Size of the picture in pixels, after EXIF orientation.
    pixel_spacing_mm : tuple of float or None
        Row spacing and column spacing, millimetres; Pixel Spacing, else Imager Pixel Spacing.
    burned_in_annotation : str or None
        "YES" or "NO".
    """

    source_format: str | None = None
    sop_class_uid: str | None = None
    sop_instance_uid: str | None = field(default=None, repr=False)
    study_instance_uid: str | None = field(default=None, repr=False)
    series_instance_uid: str | None = field(default=None, repr=False)
    modality: str | None = None
    view_position: str | None = field(default=None, repr=False)
    body_part_examined: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    accession_number: str | None = field(default=None, repr=False)
    patient_age_years: float | None = None
    patient_sex: str | None = None
    manufacturer: str | None = field(default=None, repr=False)
    station_name: str | None = field(default=None, repr=False)
    transfer_syntax_uid: str | None = None
    photometric_interpretation: str | None = None
    presentation_intent_type: str | None = field(default=None, repr=False)
    rows: int | None = None
    columns: int | None = None
    bits_stored: int | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    burned_in_annotation: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """One frontal chest radiograph as it is displayed.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns), range [0, 1]
        MONOCHROME2 sense: 0 is black (air), 1 is white (bone).
    identity : Identity
        What the file says about the picture.
    """

    pixels: npt.NDArray[np.float32] = field(repr=False)
    identity: Identity
