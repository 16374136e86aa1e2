"""What an input says of one film, before and after its pixels were read."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from training.data.errors import DatasetError

MISSING_FILE = "missing_file"
"""The reason of a film that is listed, but whose file is not there."""


class OutputTakenError(DatasetError):
    """The data set cannot be written to this place."""

    exit_code = os.EX_CANTCREAT


class NothingToPrepareError(DatasetError):
    """No film is left for the data set."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One film as an input offers it; text is "" where the input does not say.

    Attributes
    ----------
    source, origin : str
        Together they name the film for ever: its data set, and its place there.
    label : str
        One of `inference.labels.LABELS`, `other_finding`, or "" while only the file's header can tell.
    patient_id, view, age, sex, site, licence, age_group : str
        As they stand in `manifest.csv`; the age in years, `age_group` as its column `adult_or_paediatric`.
    why : str
        Reason code for which it is left out; "" if it is not.
    duplicate_of : str
        The film that stands in the data set, or under another label, instead of this one.
    path : Path or None
        Where its bytes lie now; None if they are not at hand.
    sha256, file : str
        Known of a film which an earlier run put into the data set: hash of its bytes, and its place there.
    needs_header : bool
        Label or patient stand in the file's header.
    needs_gate : bool
        Nobody has said of this very film that it is a frontal one.
    """

    source: str
    origin: str
    label: str = ""
    patient_id: str = ""
    view: str = ""
    age: str = ""
    sex: str = ""
    site: str = ""
    licence: str = ""
    age_group: str = ""
    why: str = ""
    duplicate_of: str = ""
    path: Path | None = field(default=None, repr=False)
    sha256: str = ""
    file: str = ""
    needs_header: bool = False
    needs_gate: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Return what names the film for ever."""
        return self.source, self.origin
