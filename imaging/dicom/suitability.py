"""Which DICOM objects the model may judge: single grayscale frontal chest radiographs, for presentation.

A header is a claim. What it says clearly is believed; what it does not say, or says in words that nobody has listed, is
left to the pixels, which the input gate of the model's bundle looks at.
"""

from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.dicom.attributes import code_string, missing, named, required_number, required_uid, whole_number, words
from imaging.dicom.vocabulary import (
    DESCRIBED_PARTS,
    OTHER_MODALITIES,
    OTHER_PARTS,
    XRAY_MODALITIES,
    View,
    names_chest,
    understand_view,
)
from imaging.errors import (
    ColorError,
    ForProcessingError,
    InvalidAttributeError,
    LateralViewError,
    MultiFrameError,
    NotFrontalViewError,
    OtherBodyPartError,
    OtherModalityError,
    OtherObjectError,
)
from imaging.foreign_errors import foreign_errors_as
from imaging.radiograph import Note

_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
_STORAGE = {
    "1.2.840.10008.5.1.4.1.1.1": "Computed Radiography",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray, For Presentation",
    _FOR_PROCESSING: "Digital X-Ray, For Processing",
    # digitised and exported films keep their modality in this wrapper
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    # a film of one frame
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture",
}
_DESCRIPTIONS = ("StudyDescription", "SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription")
_SILENT = {"UNKNOWN", "OTHER", "NONE"}

# View Code Sequence, PS3.16 CID 4010, SNOMED CT and the SNOMED RT codes of older systems
_LATERAL_CODES = {"399067008", "399173006", "399198007", "R-102CD", "R-10236", "R-10232"}
_NOT_FRONTAL_CODES = {
    *("399312000", "399160007", "399135007", "399184004", "399006002", "399356000", "399236003", "399038007"),
    *("399182000", "399059000", "399061009"),
    *("R-10208", "R-10204", "R-10220", "R-10238", "R-10212", "R-40985", "R-10234", "R-10210", "R-102C1", "R-10216"),
}

_GRAY = {"MONOCHROME1", "MONOCHROME2"}
# three samples a pixel; accepted where all their pixels are gray
_COLORS = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "YBR_PARTIAL_422", "YBR_PARTIAL_420"}


def check_suitable(dataset: Dataset) -> tuple[Note, ...]:
    """Refuse every object but a frontal chest radiograph for presentation.

    Parameters
    ----------
    dataset : Dataset
        Data elements of a DICOM file.

    Returns
    -------
    tuple of Note
        What the header says in words that are not known here.

    Raises
    ------
    UnsuitableRadiographError
        Another object, modality, intent, body part, view, several frames or colour.
    MissingAttributeError, InvalidAttributeError, InvalidUidError
        The attributes that decide it are absent or senseless.
    """
    sop_class_uid = required_uid(dataset, "SOPClassUID")
    if sop_class_uid not in _STORAGE:
        raise OtherObjectError(
            f"{named('SOPClassUID')} is {_class_name(sop_class_uid)}; CR and DX image storage are accepted"
        )
    _check_modality(dataset)
    if sop_class_uid == _FOR_PROCESSING or code_string(dataset, "PresentationIntentType") == "FOR PROCESSING":
        raise ForProcessingError(f"{named('PresentationIntentType')} is FOR PROCESSING; FOR PRESENTATION is accepted")
    notes = _check_body_part(dataset) + _check_view(dataset)
    check_one_gray_picture(dataset)
    return notes


def check_one_gray_picture(dataset: Dataset) -> None:
    """Refuse several frames, and words for colour that no picture in gray has; whatever the picture shows.

    Raises
    ------
    MultiFrameError, ColorError
        There are several pictures, or one in colour.
    MissingAttributeError, InvalidAttributeError
        The attributes that decide it are absent or senseless.
    """
    _check_frames(dataset)
    _check_photometric_interpretation(dataset)


def _class_name(sop_class_uid: str) -> str:
    name = UID(sop_class_uid).name
    return name if name != sop_class_uid else "a SOP class unknown to PS3.6"


def _check_modality(dataset: Dataset) -> None:
    modality = code_string(dataset, "Modality")
    if not modality:
        raise missing("Modality")
    if modality not in XRAY_MODALITIES:
        # only known words are repeated in messages, since a damaged header may hold anything anywhere
        found = modality if modality in OTHER_MODALITIES else "a word that PS3.3 C.7.3.1.1.1 does not know"
        raise OtherModalityError(f"{named('Modality')} is {found}; {', '.join(sorted(XRAY_MODALITIES))} are accepted")


def _check_body_part(dataset: Dataset) -> tuple[Note, ...]:
    """Refuse known other parts; only where Body Part Examined names no known one, the descriptions are asked."""
    examined = words(dataset, "BodyPartExamined")
    if names_chest(examined):
        return ()
    others = sorted(OTHER_PARTS.intersection(examined))
    if others:
        raise OtherBodyPartError(f"{named('BodyPartExamined')} is {' '.join(others)}; CHEST is accepted")
    for keyword in _DESCRIPTIONS:
        described = words(dataset, keyword)
        if names_chest(described):
            break
        others += [f"{word} in {named(keyword)}" for word in sorted(DESCRIBED_PARTS.intersection(described))]
    else:
        if others:
            found = f"{named('BodyPartExamined')} names no known part, and there is {', '.join(others)}"
            raise OtherBodyPartError(f"{found}; CHEST is accepted")
    return (Note.BODY_PART_NOT_UNDERSTOOD,) if set(examined) - _SILENT else ()


def _check_view(dataset: Dataset) -> tuple[Note, ...]:
    said = words(dataset, "ViewPosition")
    understood, where = understand_view(said), named("ViewPosition")
    if understood is None:
        understood, where = _coded_view(dataset), named("ViewCodeSequence")
    view, word = understood or (None, "")
    if view == "lateral":
        raise LateralViewError(f"{where} says {word}, a lateral view; PA and AP are accepted")
    if view == "not_frontal":
        raise NotFrontalViewError(f"{where} says {word}, which is no upright frontal view; PA and AP are accepted")
    return (Note.VIEW_NOT_UNDERSTOOD,) if view is None and set(said) - _SILENT else ()


def _coded_view(dataset: Dataset) -> tuple[View, str] | None:
    with foreign_errors_as(InvalidAttributeError, f"{named('ViewCodeSequence')} cannot be read"):
        codes = {str(item.get("CodeValue", "")) for item in dataset.get("ViewCodeSequence") or ()}
    if lateral := codes & _LATERAL_CODES:
        return "lateral", min(lateral)
    if special := codes & _NOT_FRONTAL_CODES:
        return "not_frontal", min(special)
    return None


def _check_frames(dataset: Dataset) -> None:
    frames = whole_number(dataset, "NumberOfFrames")
    if frames is not None and frames > 1:
        raise MultiFrameError(f"{named('NumberOfFrames')} is {frames}; 1 is accepted")
    if frames is not None and frames < 0:  # 0 stands for a number that nobody has set
        raise InvalidAttributeError(f"{named('NumberOfFrames')} is {frames}; 1 is accepted")


def _check_photometric_interpretation(dataset: Dataset) -> None:
    photometric = code_string(dataset, "PhotometricInterpretation")
    if not photometric:
        raise missing("PhotometricInterpretation")
    samples = required_number(dataset, "SamplesPerPixel")
    if photometric in _GRAY or photometric == "PALETTE COLOR":
        expected = 1
    elif photometric in _COLORS:
        expected = 3
    elif samples in (3, 4):
        raise ColorError(f"{named('PhotometricInterpretation')} is a colour; MONOCHROME1 and MONOCHROME2 are accepted")
    else:
        accepted = "MONOCHROME1, MONOCHROME2, and RGB, YBR or PALETTE COLOR in gray are accepted"
        raise InvalidAttributeError(f"{named('PhotometricInterpretation')} is another word; {accepted}")
    if samples != expected:
        found = f"{named('SamplesPerPixel')} is {samples} under {photometric}"
        raise InvalidAttributeError(f"{found}; {expected} is accepted")
