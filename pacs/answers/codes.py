"""The codes in our structured reports, each with where it comes from; docs/conformance.md has the same table.

What a model says is a pattern in a picture and no diagnosis, and no public code says "pattern suggestive of": those are
private, and the condition stands beside them with its public code.
"""

from typing import NamedTuple

from inference.labels import Label

PRIVATE_SCHEME = "99XRAYWATCH"
PRIVATE_SCHEME_NAME = "xray-watch, private codes"


class Code(NamedTuple):
    """A coded concept, PS3.3 8.1, with the place where it is defined."""

    value: str
    scheme: str
    meaning: str
    source: str


def _private(value: str, meaning: str) -> Code:
    return Code(value, PRIVATE_SCHEME, meaning, "private: no public code was found")


def _sct(value: str, meaning: str, source: str) -> Code:
    return Code(value, "SCT", meaning, source)


MEASUREMENT_REPORT = Code("126000", "DCM", "Imaging Measurement Report", "PS3.16 CID 7021")
PROCEDURE = _sct("363679005", "Imaging procedure", "PS3.16 CID 100")
LUNG = _sct("39607008", "Lung structure", "PS3.16 CID 4")
PROBABILITY = Code("122157", "DCM", "Probability", "PS3.16 annex D")
NO_UNITS = Code("1", "UCUM", "no units", "PS3.16 CID 7181")
COMMENT = Code("121106", "DCM", "Comment", "PS3.16 annex D")

OUTCOME = _private("outcome", "Outcome of screening")
ANSWER = _private("answer", "Answer of a screening program")
CONDITION = _private("condition", "Condition that the pattern suggests")
OPERATING_POINT = _private("operating_point", "Probability from which the pattern is named")

OUTCOMES = {
    "predicted": _private("predicted", "A pattern was named"),
    "indeterminate": _private("indeterminate", "No pattern was named: not clear enough"),
    "rejected": _private("rejected", "Not screened: not a film for this model"),
    "quarantined": _private("quarantined", "Not screened: the file could not be read"),
}
PATTERNS = {
    Label.COVID19: _private("covid19", "Pattern suggestive of COVID-19"),
    Label.VIRAL_PNEUMONIA: _private("viral_pneumonia", "Pattern suggestive of viral pneumonia other than COVID-19"),
    Label.NORMAL: _private("normal", "Pattern suggestive of a normal chest film"),
}
CONDITIONS = {
    Label.COVID19: _sct("840539006", "COVID-19", "SNOMED CT"),
    Label.VIRAL_PNEUMONIA: _sct("75570004", "Viral pneumonia", "SNOMED CT"),
    Label.NORMAL: _sct("17621005", "Normal", "PS3.16 CID 222"),
}

ALL = (
    *(MEASUREMENT_REPORT, PROCEDURE, LUNG, PROBABILITY, NO_UNITS, COMMENT),
    *(ANSWER, OUTCOME, CONDITION, OPERATING_POINT),
    *(*OUTCOMES.values(), *PATTERNS.values(), *CONDITIONS.values()),
)
