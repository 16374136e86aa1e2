"""Values of DICOM attributes as plain Python: strict where the pixels depend on them, lenient for the rest.

pydicom converts a value when it is asked for, so every access can raise; nothing outside this module,
`imaging.dicom.header` and `imaging.dicom.voi` touches a Dataset's values.
"""

import math
import re
import unicodedata
from functools import cache

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.errors import InvalidAttributeError, InvalidUidError, MissingAttributeError
from imaging.foreign_errors import foreign_errors_as

_MAX_TEXT = 64
_MAX_UID = 64
# PS3.5 section 9.1 allows digits and dots; letters, hyphens and leading zeros are seen in archives, and harmless
_UID = re.compile(r"[0-9A-Za-z]+([.-][0-9A-Za-z]+)*")
_REAL = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(E[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_WORD = re.compile(r"[^\W\d_]+")
_TEXT_VRS = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "SH", "ST", "UC", "UN", "UR", "UT"}


@cache
def named(keyword: str) -> str:
    """Return how messages name an attribute: its name and tag in PS3.6, such as "Rows (0028,0010)"."""
    tag = _tag(keyword)
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


@cache
def _tag(keyword: str) -> int:
    return tag_for_keyword(keyword) or 0


def _value(dataset: Dataset, keyword: str) -> object:
    if _tag(keyword) not in dataset:
        return None
    with foreign_errors_as(InvalidAttributeError, f"{named(keyword)} cannot be read"):
        value = dataset.get(keyword)
        return None if value is None or value == "" else value


def whole_number(dataset: Dataset, keyword: str) -> int | None:
    """Return a single whole number, or None where the attribute is absent or empty.

    Raises
    ------
    InvalidAttributeError
        Several values, or something else than a whole number.
    """
    value = _value(dataset, keyword)
    if value is None:
        return None
    # IS arrives as a subclass of int; "1.5" or "abc" in it arrive as other types
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidAttributeError(f"{named(keyword)} holds something else than one whole number")
    return int(value)


def required_number(dataset: Dataset, keyword: str) -> int:
    """Return a single whole number.

    Raises
    ------
    MissingAttributeError
        Absent or empty.
    InvalidAttributeError
        Several values, or something else than a whole number.
    """
    value = whole_number(dataset, keyword)
    if value is None:
        raise missing(keyword)
    return value


def missing(keyword: str) -> MissingAttributeError:
    """Return the error of an attribute that must be there."""
    return MissingAttributeError(f"{named(keyword)} is absent or empty; a value is required")


def reals(dataset: Dataset, keyword: str) -> list[float | None]:
    """Return one or more real numbers (DS), each None where it is no finite number; [] where the attribute is absent.

    A decimal comma, which PS3.5 section 6.2 does not allow and some systems write, is read as a decimal point.
    """
    said = _raw_text(dataset, keyword)
    if said is not None:
        return [_real(one) for one in said.split("\\")] if said else []
    try:
        value = _value(dataset, keyword)
    except InvalidAttributeError:
        return [None]
    values = value if isinstance(value, MultiValue | list) else [value]
    return [_real(str(one)) for one in values if one is not None]


def _real(said: str) -> float | None:
    """Convert a decimal string; of "1.234,5" and "1,234.5" the last mark is the decimal one."""
    clean = said.strip(" \0")
    if "," in clean and "." in clean:
        clean = clean.replace(min(",.", key=clean.rindex), "")
    if not _REAL.fullmatch(clean):
        return None
    value = float(clean.replace(",", "."))
    return value if math.isfinite(value) else None


def single_real(dataset: Dataset, keyword: str) -> float | None:
    """Return a single real number (DS), or None where the attribute is absent or empty.

    Raises
    ------
    InvalidAttributeError
        Several different values, or no finite number.
    """
    values = set(reals(dataset, keyword))
    if len(values) > 1:
        raise InvalidAttributeError(f"{named(keyword)} has {len(values)} different values; one is accepted")
    if None in values:
        raise InvalidAttributeError(f"{named(keyword)} is no finite number; a decimal number is accepted")
    return values.pop() if values else None


def code_strings(dataset: Dataset, keyword: str) -> list[str]:
    """Return code strings (CS) in upper case; [] where the attribute is absent, empty or unreadable."""
    said = _raw_text(dataset, keyword)
    return [one.strip(" \0").upper() for one in said.split("\\")] if said else []


def code_string(dataset: Dataset, keyword: str) -> str:
    """Return a single code string (CS) in upper case, "" where the attribute is absent or empty.

    Raises
    ------
    InvalidAttributeError
        Several values, or no text.
    """
    value = _value(dataset, keyword)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidAttributeError(f"{named(keyword)} holds something else than one code string")
    return value.strip(" \0").upper()


def words(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Return the words of a text in capital letters without accents, of all its values, in every character set."""
    said = _raw_text(dataset, keyword) or ""
    return tuple(_WORD.findall(without_accents(said.replace(".", ""))))


def without_accents(said: str) -> str:
    """Return a text in capital letters without accents; full-width letters become usual ones."""
    apart = unicodedata.normalize("NFKD", said.upper())
    # Korean syllables are put together again: they come apart with the accents
    return unicodedata.normalize("NFC", "".join(one for one in apart if not unicodedata.combining(one)))


def required_uid(dataset: Dataset, keyword: str) -> str:
    """Return a UID that is safe as a key and as a name.

    Raises
    ------
    MissingAttributeError
        Absent or empty.
    InvalidUidError
        Several values, more than 64 characters, or anything but letters, digits, single dots and hyphens.
    """
    with foreign_errors_as(InvalidUidError, f"{named(keyword)} cannot be read"):
        value = dataset.get(keyword)
    if value is None or value == "":
        raise missing(keyword)
    if not isinstance(value, str) or len(value) > _MAX_UID or not _UID.fullmatch(value):
        accepted = f"at most {_MAX_UID} letters, digits, single dots and hyphens are accepted"
        raise InvalidUidError(f"{named(keyword)} holds what no UID may hold; {accepted}")
    return str(value)


def text(dataset: Dataset, keyword: str) -> str | None:
    """Return a text for display and search; None where it is absent, empty, not single, too long or unreadable.

    A damaged name or number must not cost the patient the picture, so nothing is raised and nothing is guessed.
    """
    said = _raw_text(dataset, keyword)
    if said is None or "\\" in said:
        return None
    # NUL cannot be stored in PostgreSQL; line ends and terminal codes forge log lines
    clean = "".join(character for character in said if character.isprintable()).strip()
    return clean if 0 < len(clean) <= _MAX_TEXT else None


def _raw_text(dataset: Dataset, keyword: str) -> str | None:
    """Return a text as it is written, its values divided by backslashes; None where the element holds no text."""
    element: object = dataset.get_item(_tag(keyword))
    if isinstance(element, RawDataElement):
        vr = element.VR or dictionary_VR(element.tag)
        return _decoded(element.value or b"", dataset).strip(" \0") if vr in _TEXT_VRS else None
    value = getattr(element, "value", None)
    values = value if isinstance(value, MultiValue) else [value]  # asked for before, and so converted already
    return "\\".join(map(str, values)) if all(isinstance(one, str) for one in values) else None


def _decoded(raw: bytes, dataset: Dataset) -> str:
    """Decode a text; what is UTF-8 is read so, whatever Specific Character Set (0008,0005) claims."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    try:
        return raw.decode("utf-8") if b"\x1b" not in raw else _decoded_as_declared(raw, dataset)
    except UnicodeDecodeError:
        return _decoded_as_declared(raw, dataset)


def _decoded_as_declared(raw: bytes, dataset: Dataset) -> str:
    try:
        with foreign_errors_as(InvalidAttributeError, "the character set"):
            encodings = convert_encodings(dataset.get("SpecificCharacterSet"))
            return decode_bytes(raw, encodings, set()) if b"\x1b" in raw else raw.decode(encodings[0])
    except InvalidAttributeError:
        return raw.decode("latin-1")
