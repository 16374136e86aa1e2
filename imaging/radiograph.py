"""A radiograph: pixels, identity and what the reader had to say about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Note(StrEnum):
    """Something about a readable file that whoever looks at its answer should know."""

    WINDOW_NOT_USED = "window_not_used"
    AGE_NOT_UNDERSTOOD = "age_not_understood"
    BODY_PART_NOT_UNDERSTOOD = "body_part_not_understood"
    VIEW_NOT_UNDERSTOOD = "view_not_understood"


NOTES: Mapping[Note, str] = MappingProxyType(
    {
        Note.WINDOW_NOT_USED: "No window or VOI LUT of the header shows a picture; it is shown by its own gray values.",
        Note.AGE_NOT_UNDERSTOOD: "No age can be read from Patient's Age or Patient's Birth Date: "
        "it was not checked whether the model has learnt its label from patients of this age.",
        Note.BODY_PART_NOT_UNDERSTOOD: "Body Part Examined is no word that is known here; the pixels decided.",
        Note.VIEW_NOT_UNDERSTOOD: "View Position is no word that is known here; the pixels decided.",
    }
)
"""What each note says."""


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
        Patient's Age (0010,1010), else the years from Patient's Birth Date to Study Date; under two years with a
        fraction.
    rows, columns : int or None
        Size of the picture in pixels, after EXIF orientation.
    pixel_spacing_mm : tuple of float or None
        Row spacing and column spacing, millimetres; Pixel Spacing, else Imager Pixel Spacing.
    burned_in_annotation : str or None
        "YES" or "NO".
    """

    source_format: str | None = None
    sop_class_uid: str | None = field(default=None, repr=False)
    sop_instance_uid: str | None = field(default=None, repr=False)
    study_instance_uid: str | None = field(default=None, repr=False)
    series_instance_uid: str | None = field(default=None, repr=False)
    modality: str | None = field(default=None, repr=False)
    view_position: str | None = field(default=None, repr=False)
    body_part_examined: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    accession_number: str | None = field(default=None, repr=False)
    patient_age_years: float | None = None
    patient_sex: str | None = None
    manufacturer: str | None = field(default=None, repr=False)
    station_name: str | None = field(default=None, repr=False)
    transfer_syntax_uid: str | None = field(default=None, repr=False)
    photometric_interpretation: str | None = field(default=None, repr=False)
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
    notes : tuple of Note
        What the reader could not use of the header; `NOTES` has a sentence for each.
    """

    pixels: "npt.NDArray[np.float32]" = field(repr=False)
    identity: Identity
    notes: tuple[Note, ...] = ()
