"""What our objects share: the film's patient and study, copied as they stand, and our own series and equipment."""

from importlib.metadata import version
from io import BytesIO

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from imaging.dicom.header import read_header
from imaging.dicom.identity import check_uids
from imaging.dicom.own_objects import (
    ANSWER_VERSION_NAME,
    IMPLEMENTATION_CLASS_UID,
    MANUFACTURER,
    MODEL_NAME,
    make_series_uid,
)
from imaging.errors import RadiographError
from inference.labels import NOTICE
from pacs.answers.facts import AnswerFacts
from pacs.errors import NoStudyError

REQUIRED = (  # type 2 of the modules Patient and General Study, PS3.3 C.7.1.1 and C.7.2.1
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
)
COPIED = (*REQUIRED, "IssuerOfPatientID", "StudyInstanceUID", "StudyDescription", "PatientAge")
SERIES_NUMBERS = {"SR": 9901, "OT": 9902}


def read_film_header(content: bytes) -> Dataset:
    """Parse the header of a film, also of one that was refused; a data set of its own, none of its values converted.

    Raises
    ------
    NoStudyError
        It is no DICOM file that names its study, series and instance: it has nowhere to which an answer could go.
    """
    try:
        dataset = read_header(content).dataset
        check_uids(dataset)
        return read_header(content).dataset  # what was asked for a value holds that, and not the film's own bytes
    except RadiographError as error:
        raise NoStudyError(f"the file names no study to which an answer could be added ({error.reason_code})") from None


def build_header(film: Dataset, facts: AnswerFacts, sop_class_uid: str, instance_uid: str, modality: str) -> Dataset:
    """Begin an object in the film's study: patient and study as the film has them, even where they break the standard.

    Parameters
    ----------
    film : Dataset
        From ``read_film_header``.
    instance_uid : str
        SOP Instance UID of the object; its series' UID follows from it.
    """
    made = Dataset()
    for keyword in ("SpecificCharacterSet", *COPIED):
        _copy(film, made, keyword)
    for keyword in REQUIRED:
        if keyword not in made:
            setattr(made, keyword, "")
    made.SOPClassUID, made.SOPInstanceUID = sop_class_uid, instance_uid
    made.SeriesInstanceUID = make_series_uid(instance_uid)
    made.SeriesNumber, made.InstanceNumber, made.Modality = SERIES_NUMBERS[modality], 1, modality
    made.SeriesDescription = f"{NOTICE} AI {'report' if modality == 'SR' else 'picture'}"
    made.Manufacturer, made.ManufacturerModelName = MANUFACTURER, MODEL_NAME
    made.SoftwareVersions = [version("xray-watch"), facts.model_version or "no model asked"]
    made.DeviceSerialNumber = (facts.model_sha256 or "no model asked")[:16]
    at = facts.answered_at
    made.InstanceCreationDate = made.ContentDate = f"{at:%Y%m%d}"
    made.InstanceCreationTime = made.ContentTime = f"{at:%H%M%S}"
    made.file_meta = _build_meta(sop_class_uid, instance_uid)
    return made


def as_bytes(made: Dataset) -> bytes:
    """Return an object as the bytes of a DICOM file (PS3.10)."""
    buffer = BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()


def refer_to(film: Dataset) -> Dataset:
    """Return an item that names a film, as sequences of references have it (PS3.3 10.8)."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = film.SOPClassUID, film.SOPInstanceUID
    return item


def _build_meta(sop_class_uid: str, instance_uid: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(sop_class_uid), UID(instance_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = ANSWER_VERSION_NAME
    return meta


def _copy(film: Dataset, made: Dataset, keyword: str) -> None:
    """Copy an element of text with its very bytes: what a value means to its sender is not ours to correct."""
    tag = Tag(tag_for_keyword(keyword) or 0)
    if tag not in film:
        return
    found = film.get_item(tag)
    value, vr = found.value or b"", dictionary_VR(tag)
    made[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True) if found.is_raw else found
