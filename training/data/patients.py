"""Patients from file names, where a public data set writes them there."""

import re
from collections.abc import Callable

_START, _END = r"(?:^|[^A-Za-z0-9])", r"(?:[^0-9]|$)"
_NAMES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    # Kermany et al. 2018 as Kaggle names it: person1_virus_6.jpeg; persons are numbered anew for each cause
    (r"(person\d+)_(virus|bacteria)_\d+", lambda name: f"kermany-{name[2].lower()}-{name[1].lower()}"),
    # its normal films: IM-0115-0001.jpeg, NORMAL2-IM-0035-0001.jpeg, IM-0656-0001-0002.jpeg
    (_START + r"((?:NORMAL2-)?IM-\d+)-\d+", lambda name: f"kermany-normal-{name[1].upper()}"),
    # the same data set as Mendeley names it: VIRUS-1010048-0001.jpeg
    (_START + r"(NORMAL|VIRUS|BACTERIA)-(\d{4,})-\d+", lambda name: f"kermany-{name[1].lower()}-{name[2]}"),
    # NIH ChestX-ray14: 00000013_005.png
    (_START + r"(\d{8})_\d{3}" + _END, lambda name: f"nih-{int(name[1])}"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), write) for pattern, write in _NAMES)


def read_patient(stem: str) -> str:
    """Return the patient whom a file's name tells, or "".

    Parameters
    ----------
    stem : str
        File name without its suffix.

    Returns
    -------
    str
        Such as `kermany-virus-person1`, `kermany-normal-NORMAL2-IM-0035`, `nih-13`.
    """
    for pattern, write in _PATTERNS:
        if matched := pattern.search(stem):
            return write(matched)
    return ""
