"""Values of DICOM attributes as plain Python: strict where the pixels depend on them, lenient for the rest.

pydicom converts a value when it is asked for, so every access can raise; nothing outside this module and
`imaging.dicom.header` touches a Dataset's values.
"""

import math
import re

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.fence import fence
from imaging.unreadable import InvalidAttributeError, InvalidUidError, MissingAttributeError

_MAX_TEXT = 64
# leading zeros of a component break PS3.5 section 9.1 too, but do no harm and are seen in old archives
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_MAX_UID = 64


def _value(dataset: Dataset, keyword: str) -> object:
    with fence(InvalidAttributeError, f"{keyword} cannot be read"):
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
        raise InvalidAttributeError(f"{keyword} is no single whole number")
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
        raise MissingAttributeError(f"{keyword} is absent or empty")
    return value


def first_real(dataset: Dataset, keyword: str) -> float | None:
    """Return the first of one or more real numbers (DS), or None where the attribute is absent or empty.

    Raises
    ------
    InvalidAttributeError
        The first value is no finite number.
    """
    values = _reals(dataset, keyword)
    return values[0] if values else None


def single_real(dataset: Dataset, keyword: str) -> float | None:
    """Return a single real number (DS), or None where the attribute is absent or empty.

    Raises
    ------
    InvalidAttributeError
        Several values, or no finite number.
    """
    values = _reals(dataset, keyword)
    if len(values) > 1:
        raise InvalidAttributeError(f"{keyword} has {len(values)} values; one is accepted")
    return values[0] if values else None


def _reals(dataset: Dataset, keyword: str) -> list[float]:
    value = _value(dataset, keyword)
    if value is None:
        return []
    with fence(InvalidAttributeError, f"{keyword} is no number"):
        reals = [float(str(one)) for one in (value if isinstance(value, MultiValue) else [value])]
    if not all(math.isfinite(real) for real in reals):
        raise InvalidAttributeError(f"{keyword} is not finite")
    return reals


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
        raise InvalidAttributeError(f"{keyword} is no single code string")
    return value.strip(" \0").upper()


def required_uid(dataset: Dataset, keyword: str) -> str:
    """Return a UID of correct syntax (PS3.5 section 9.1).

    Raises
    ------
    MissingAttributeError
        Absent or empty.
    InvalidUidError
        Several values, more than 64 characters, or anything but digits and single dots.
    """
    with fence(InvalidUidError, f"{keyword} cannot be read"):
        value = dataset.get(keyword)
    if value is None or value == "":
        raise MissingAttributeError(f"{keyword} is absent or empty")
    if not isinstance(value, str) or len(value) > _MAX_UID or not _UID.fullmatch(value):
        raise InvalidUidError(f"{keyword} breaks the syntax of UIDs; at most 64 digits and single dots are accepted")
    return str(value)


def text(dataset: Dataset, keyword: str) -> str | None:
    """Return a text for display and search; None where it is absent, empty, not single, too long or unreadable.

    A damaged name or number must not cost the patient the picture, so nothing is raised and nothing is guessed.
    """
    try:
        value = _value(dataset, keyword)
    except InvalidAttributeError:
        return None
    if not isinstance(value, str):
        return None
    # NUL cannot be stored in PostgreSQL; line ends and terminal codes forge log lines
    clean = "".join(character for character in value if character.isprintable()).strip()
    return clean if 0 < len(clean) <= _MAX_TEXT else None
