"""The words of a file of reference labels: what names a film, who says something of it, and what can be said.

Nothing here needs the database, so that the command line can show what is accepted.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class ReferenceSource(StrEnum):
    """Where a reference label comes from."""

    PCR = "pcr"  # RT-PCR: COVID-19 or not, and nothing else
    READER = "reader"  # a person, or a panel, who read the film
    REVIEW = "review"  # a person who saw the answer with the film, on the page


class Reference(StrEnum):
    """What is taken for the truth of a film."""

    COVID19 = "covid19"
    NOT_COVID19 = "not_covid19"  # a negative RT-PCR: it does not say what the film shows
    VIRAL_PNEUMONIA = "viral_pneumonia"
    NORMAL = "normal"
    OTHER_FINDING = "other_finding"


SEEN_ON_FILM = (Reference.COVID19, Reference.VIRAL_PNEUMONIA, Reference.NORMAL, Reference.OTHER_FINDING)
REFERENCES: Mapping[ReferenceSource, tuple[Reference, ...]] = {
    ReferenceSource.PCR: (Reference.COVID19, Reference.NOT_COVID19),
    ReferenceSource.READER: SEEN_ON_FILM,
    ReferenceSource.REVIEW: SEEN_ON_FILM,
}


class FilmKey(StrEnum):
    """By what a file of reference labels may name a film: columns of the table ``screenings``."""

    SOP_INSTANCE_UID = "sop_instance_uid"
    SOURCE_SHA256 = "source_sha256"
    ACCESSION_NUMBER = "accession_number"


KEY_NAMES: Mapping[FilmKey, Sequence[str]] = {
    FilmKey.SOP_INSTANCE_UID: ("sop_instance_uid", "sopinstanceuid", "sop_uid"),
    FilmKey.SOURCE_SHA256: ("source_sha256", "sha256", "file_sha256"),
    FilmKey.ACCESSION_NUMBER: ("accession_number", "accessionnumber", "accession", "accession_no"),
}
LABEL_NAMES: Mapping[ReferenceSource, Sequence[str]] = {
    ReferenceSource.PCR: ("pcr", "rt_pcr", "pcr_result", "rt_pcr_result", "sars_cov_2", "test_result", "result"),
    ReferenceSource.READER: ("reader_label", "reference_label", "label", "reader", "reading", "finding", "diagnosis"),
}
DATE_NAMES = ("obtained_at", "collected_at", "sampled_at", "result_date", "test_date", "sample_date", "date")
IMPORTED = tuple(LABEL_NAMES)
"""Sources whose labels come in files; reviews are given on the page."""
OBVIOUS: Mapping[ReferenceSource, Mapping[str, Reference]] = {
    ReferenceSource.PCR: {
        **dict.fromkeys(("positive", "pos", "+", "detected", "covid19", "covid-19"), Reference.COVID19),
        **dict.fromkeys(("negative", "neg", "-", "not detected", "not_covid19"), Reference.NOT_COVID19),
    },
    ReferenceSource.READER: {
        **{reference.value: reference for reference in REFERENCES[ReferenceSource.READER]},
        **dict.fromkeys(("covid-19", "covid"), Reference.COVID19),
        "viral pneumonia": Reference.VIRAL_PNEUMONIA,
        "other finding": Reference.OTHER_FINDING,
        "other": Reference.OTHER_FINDING,
    },
}
"""Words that need no ``--map``; what is doubtful (inconclusive, 1, yes) is left to the site."""
