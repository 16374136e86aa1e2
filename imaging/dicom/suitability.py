"""Which DICOM objects the model may judge: single grayscale frontal chest radiographs, for presentation."""

import re

from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.dicom.attributes import code_string, required_number, required_uid, text, whole_number
from imaging.fence import fence
from imaging.unreadable import InvalidAttributeError, MissingAttributeError
from imaging.unsuitable import (
    ColorError,
    ForProcessingError,
    LateralViewError,
    MultiFrameError,
    NotFrontalViewError,
    OtherBodyPartError,
    OtherModalityError,
    OtherObjectError,
)

_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
_STORAGE = {
    "1.2.840.10008.5.1.4.1.1.1": "Computed Radiography",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray, For Presentation",
    _FOR_PROCESSING: "Digital X-Ray, For Processing",
    # digitised and exported films keep their modality in this wrapper
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
}
_MODALITIES = {"CR", "DX"}
# PS3.3 C.7.3.1.1.1; only known words are repeated in messages, since a damaged header may hold anything anywhere
_OTHER_MODALITIES = {
    *("CT", "MR", "US", "PT", "NM", "XA", "RF", "MG", "IO", "PX", "OT", "SC", "SR", "PR", "KO", "SEG", "DOC", "ECG"),
    *("RG", "ES", "XC", "GM", "SM", "OP", "OCT", "BMD", "REG", "RTIMAGE", "RTDOSE", "RTPLAN", "RTSTRUCT"),
}

# Body Part Examined: PS3.16 annex L, and the same word in the languages that modalities are sold with
_CHEST = {"CHEST", "THORAX", "LUNG", "LUNGS", "TORAX", "TÓRAX", "TORACE", "POUMON", "POUMONS", "LUNGE"}
_UNSAID = {"", "UNKNOWN", "OTHER", "NONE"}
# asked only where Body Part Examined is silent: what study and series say about another part
_ELSEWHERE = {
    *("ABDOMEN", "ANKLE", "ARM", "BREAST", "CLAVICLE", "CSPINE", "DENTAL", "ELBOW", "EXTREMITY", "FEMUR", "FINGER"),
    *("FOOT", "FOREARM", "HAND", "HEAD", "HEEL", "HIP", "HUMERUS", "KNEE", "LEG", "LSPINE", "LUMBAR", "MAMMOGRAM"),
    *("MANDIBLE", "NECK", "PELVIS", "SCAPULA", "SHOULDER", "SKULL", "SPINE", "TEETH", "THIGH", "TIBIA", "TOE", "TOOTH"),
    *("TSPINE", "WRIST"),
}
_DESCRIPTIONS = ("StudyDescription", "SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription")

# View Position, PS3.3 C.8.11.5 and CR Series C.8.1.1
_LATERAL = {"LL", "RL", "LATERAL", "LAT", "LEFT LATERAL", "RIGHT LATERAL", "LLAT", "RLAT"}
_NOT_FRONTAL = {"LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO", "OBLIQUE", "AXIAL", "LORDOTIC"}
# View Code Sequence, PS3.16 CID 4010, SNOMED CT and the SNOMED RT codes of older systems
_LATERAL_CODES = {"399067008", "399173006", "399198007", "R-102CD", "R-10236", "R-10232"}
_NOT_FRONTAL_CODES = {
    *("399312000", "399160007", "399135007", "399184004", "399006002", "399356000", "399236003", "399038007"),
    *("399182000", "399059000", "399061009"),
    *("R-10208", "R-10204", "R-10220", "R-10238", "R-10212", "R-40985", "R-10234", "R-10210", "R-102C1", "R-10216"),
}


def check_suitable(dataset: Dataset) -> None:
    """Refuse every object but a grayscale frontal chest radiograph for presentation.

    Parameters
    ----------
    dataset : Dataset
        Data elements of a DICOM file.

    Raises
    ------
    UnsuitableRadiographError
        Another object, modality, intent, body part, view, several frames or colour.
    MissingAttributeError, InvalidAttributeError, InvalidUidError
        The attributes that tell it are absent or senseless.
    """
    sop_class_uid = required_uid(dataset, "SOPClassUID")
    if sop_class_uid not in _STORAGE:
        raise OtherObjectError(f"{_class_name(sop_class_uid)}; CR and DX image storage are accepted")
    _check_modality(dataset)
    if sop_class_uid == _FOR_PROCESSING or code_string(dataset, "PresentationIntentType") == "FOR PROCESSING":
        raise ForProcessingError("Presentation Intent Type FOR PROCESSING; FOR PRESENTATION is accepted")
    _check_body_part(dataset)
    _check_view(dataset)
    _check_frames(dataset)
    _check_grayscale(dataset)


def _class_name(sop_class_uid: str) -> str:
    name = UID(sop_class_uid).name
    return name if name != sop_class_uid else "a SOP class unknown to PS3.6"


def _check_modality(dataset: Dataset) -> None:
    modality = code_string(dataset, "Modality")
    if not modality:
        raise MissingAttributeError("Modality is absent or empty")
    if modality not in _MODALITIES:
        found = modality if modality in _OTHER_MODALITIES else "unknown"
        raise OtherModalityError(f"Modality {found}; CR and DX are accepted")


def _check_body_part(dataset: Dataset) -> None:
    examined = (text(dataset, "BodyPartExamined") or "").upper()
    if examined in _UNSAID:
        described = _words(" ".join(filter(None, (text(dataset, keyword) for keyword in _DESCRIPTIONS))))
        if described & _ELSEWHERE and not described & _CHEST:
            raise OtherBodyPartError(f"a description of {_known(described)}; CHEST is accepted")
    elif not _words(examined) & _CHEST:
        raise OtherBodyPartError(f"Body Part Examined {_known(_words(examined))}; CHEST is accepted")


def _known(words: set[str]) -> str:
    return " ".join(sorted(words & _ELSEWHERE)) or "unknown"


def _words(said: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", said.upper()))


def _check_view(dataset: Dataset) -> None:
    view = (text(dataset, "ViewPosition") or "").upper()
    codes = set() if view else _view_codes(dataset)
    if view in _LATERAL or codes & _LATERAL_CODES:
        raise LateralViewError("a lateral view; PA and AP are accepted")
    if view in _NOT_FRONTAL or codes & _NOT_FRONTAL_CODES:
        raise NotFrontalViewError("an oblique, decubitus or axial view; PA and AP are accepted")


def _view_codes(dataset: Dataset) -> set[str]:
    with fence(InvalidAttributeError, "ViewCodeSequence cannot be read"):
        return {str(item.get("CodeValue", "")) for item in dataset.get("ViewCodeSequence") or ()} - {""}


def _check_frames(dataset: Dataset) -> None:
    frames = whole_number(dataset, "NumberOfFrames")
    if frames is not None and frames > 1:
        raise MultiFrameError(f"{frames} frames; 1 is accepted")
    if frames is not None and frames < 1:
        raise InvalidAttributeError(f"NumberOfFrames is {frames}")


def _check_grayscale(dataset: Dataset) -> None:
    photometric = code_string(dataset, "PhotometricInterpretation")
    if not photometric:
        raise MissingAttributeError("PhotometricInterpretation is absent or empty")
    samples = required_number(dataset, "SamplesPerPixel")
    if photometric in ("MONOCHROME1", "MONOCHROME2"):
        if samples != 1:
            raise InvalidAttributeError(f"SamplesPerPixel {samples} with grayscale; 1 is accepted")
    elif samples == 3 or photometric == "PALETTE COLOR":
        raise ColorError("a colour Photometric Interpretation; MONOCHROME1 and MONOCHROME2 are accepted")
    else:
        raise InvalidAttributeError("PhotometricInterpretation is none of MONOCHROME1 and MONOCHROME2")
