"""Who and what a DICOM radiograph shows, as far as the product needs it. Patient's Name is never read."""

import re
from datetime import date

from pydicom.dataset import Dataset

from imaging.dicom.attributes import reals, required_uid, text, whole_number, without_accents
from imaging.dicom.header import DicomFile
from imaging.dicom.vocabulary import OTHER_MODALITIES, XRAY_MODALITIES
from imaging.errors import InvalidAttributeError, InvalidUidError, MissingAttributeError
from imaging.radiograph import Identity, Note

_SEXES = {"M", "F", "O"}

# AS is three digits and a unit (PS3.5 section 6.2); systems write "62", "45Y", "62 ans", "6 months old", ">89" too
_AGE = re.compile(r"[^\w-]*([0-9]{1,4}(?:[.,][0-9]+)?)[\W_]*([^\W\d_]*)\W*(?:OLD)?[\W_]*")
_DAYS, _WEEKS, _MONTHS = 365.25, 365.25 / 7, 12.0
_UNITS_A_YEAR = {
    **dict.fromkeys(("D", "DAY", "DAYS", "TAG", "TAGE", "JOUR", "JOURS", "DIAS", "DNI", "DAGEN", "天", "日"), _DAYS),
    **dict.fromkeys(("W", "WK", "WKS", "WEEK", "WEEKS", "WOCHEN", "SEMAINES", "SEMANAS", "WEKEN", "周", "週"), _WEEKS),
    **dict.fromkeys(("M", "MO", "MOS", "MTH", "MTHS", "MONTH", "MONTHS", "MONATE", "MOIS", "MESES", "MESI"), _MONTHS),
    **dict.fromkeys(("MES", "MONAT", "MAANDEN", "MIES", "个月", "ヶ月", "か月", "月", "개월"), _MONTHS),
    **dict.fromkeys(("J", "JAAR", "L", "LAT", "LET", "AR", "岁", "歲", "歳", "才", "세", "ЛЕТ", "ГОД", "ГОДА"), 1.0),
    **dict.fromkeys(("", "Y", "YO", "YR", "YRS", "YEAR", "YEARS", "A", "ANS", "ANNI", "ANOS", "JAHR", "JAHRE"), 1.0),
}
_OLDEST_YEARS = 115.0  # 1900-01-01, which stands for an unknown date of birth, is older
_YOUNG_YEARS = 2
_DATE = re.compile(r"(\d{4})[.\-/]?(\d{2})?[.\-/]?(\d{2})?([\d.+-]*)", re.ASCII)
_DATE_BACKWARDS = re.compile(r"(\d{2})[.\-/](\d{2})[.\-/](\d{4})", re.ASCII)
_STUDY_DATES = ("StudyDate", "AcquisitionDate", "ContentDate", "SeriesDate", "AcquisitionDateTime")


def check_uids(dataset: Dataset) -> None:
    """Refuse a file whose identifying UIDs are missing or unsafe as keys.

    Raises
    ------
    MissingAttributeError, InvalidUidError
        SOP Class, SOP Instance, Study Instance or Series Instance UID cannot be used.
    """
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        required_uid(dataset, keyword)


def read_identity(file: DicomFile) -> Identity:
    """Collect the identity of a radiograph, of one that will be refused too.

    Parameters
    ----------
    file : DicomFile
        A parsed header.

    Returns
    -------
    Identity
        Absent, empty and unusable attributes are None; nothing is guessed.
    """
    dataset = file.dataset
    return Identity(
        source_format="dicom",
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        study_instance_uid=_uid(dataset, "StudyInstanceUID"),
        series_instance_uid=_uid(dataset, "SeriesInstanceUID"),
        modality=_modality(dataset),
        view_position=text(dataset, "ViewPosition"),
        body_part_examined=text(dataset, "BodyPartExamined"),
        patient_id=text(dataset, "PatientID"),
        accession_number=text(dataset, "AccessionNumber"),
        patient_age_years=_find_age_years(dataset),
        patient_sex=_sex(text(dataset, "PatientSex")),
        manufacturer=text(dataset, "Manufacturer"),
        station_name=text(dataset, "StationName"),
        transfer_syntax_uid=file.syntax.uid,
        photometric_interpretation=text(dataset, "PhotometricInterpretation"),
        presentation_intent_type=text(dataset, "PresentationIntentType"),
        rows=_number(dataset, "Rows"),
        columns=_number(dataset, "Columns"),
        bits_stored=_number(dataset, "BitsStored"),
        pixel_spacing_mm=_spacing_mm(dataset, "PixelSpacing") or _spacing_mm(dataset, "ImagerPixelSpacing"),
        burned_in_annotation=text(dataset, "BurnedInAnnotation"),
    )


def note_age(file: DicomFile, identity: Identity) -> tuple[Note, ...]:
    """Say so where the header states an age or a date of birth of which no age comes: no mark of it may get lost."""
    stated = text(file.dataset, "PatientAge") or text(file.dataset, "PatientBirthDate")
    return (Note.AGE_NOT_UNDERSTOOD,) if stated and identity.patient_age_years is None else ()


def _uid(dataset: Dataset, keyword: str) -> str | None:
    try:
        return required_uid(dataset, keyword)
    except (MissingAttributeError, InvalidUidError):
        return None


def _number(dataset: Dataset, keyword: str) -> int | None:
    """Return a number that US can hold; a damaged header may hold one that no column of a database can."""
    try:
        value = whole_number(dataset, keyword)
    except InvalidAttributeError:
        return None
    return value if value is not None and 0 <= value < 65536 else None


def _modality(dataset: Dataset) -> str | None:
    """Return Modality (0008,0060), PS3.3 C.7.3.1.1.1, where it is a known term: free text may name a patient."""
    found = text(dataset, "Modality")
    return found if found in XRAY_MODALITIES | OTHER_MODALITIES else None


def _sex(sex: str | None) -> str | None:
    """Keep the defined values (PS3.3 C.7.1.1): in a place for one letter anything else may be a name."""
    return sex if sex in _SEXES else None


def _find_age_years(dataset: Dataset) -> float | None:
    """Return Patient's Age, else the years from birth to study."""
    stated = _stated_years(text(dataset, "PatientAge"))
    counted = None if stated else _years_since_birth(dataset)  # 0 days may be the day of birth, or nothing
    return stated if counted is None else counted


def _stated_years(age: str | None) -> float | None:
    matched = _AGE.fullmatch(without_accents(age or ""))
    units = _UNITS_A_YEAR.get(matched[2]) if matched else None
    if matched is None or units is None:
        return None
    years = float(matched[1].replace(",", ".")) / units
    # "000Y" stands for an unknown age in many systems; who is younger than a year is so in months, weeks or days
    return years if years <= _OLDEST_YEARS and (years > 0 or units > 1.0) else None


def _years_since_birth(dataset: Dataset) -> float | None:
    born = _date(text(dataset, "PatientBirthDate"))
    studied = next(filter(None, (_date(text(dataset, keyword)) for keyword in _STUDY_DATES)), None)
    if born is None or studied is None or born > studied:
        return None
    whole = studied.year - born.year - ((studied.month, studied.day) < (born.month, born.day))
    years = float(whole) if whole >= _YOUNG_YEARS else (studied - born).days / 365.25
    return years if years <= _OLDEST_YEARS else None


def _date(said: str | None) -> date | None:
    """Convert a date (DA; with dots as in ACR-NEMA; of a DT); a month of 00, or none, is the middle of the year."""
    said = _DATE_BACKWARDS.sub(r"\3\2\1", said or "")
    matched = _DATE.fullmatch(said)
    if not matched:
        return None
    year, month, day = (int(part or 0) for part in matched.groups()[:3])
    month, day = (day, month) if month > 12 >= day > 0 else (month, day)
    try:
        return date(year, month or 7, day or 1)
    except ValueError:
        return None


def _spacing_mm(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    match reals(dataset, keyword):
        case [float(rows), float(columns)] if rows > 0 and columns > 0:
            return rows, columns
    return None
