"""A site's own films with what RT-PCR and readers said of them, as the cases of an evaluation."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from imaging import read_source
from inference.labels import LABELS
from store.questions.labelled_films import LabelledFilm
from store.references.words import Reference, ReferenceSource
from training.data.dataset import ADULT_FROM_YEARS, UNKNOWN, Case
from training.data.errors import DatasetNotFoundError

log = logging.getLogger(__name__)

NO_CLASS = "a negative RT-PCR alone does not say which class the film is of"
CONTRADICTION = "RT-PCR and reader contradict each other"
GONE = "the file is not where the ledger says, or has changed"


def find_cases(films: Sequence[LabelledFilm]) -> list[Case]:
    """Turn labelled films into cases; how many are left out, and why, is logged.

    A positive RT-PCR is `covid19`; what else a film is only a reader says, or a review of the page.

    Raises
    ------
    DatasetNotFoundError
        No film can be used.
    """
    cases, left_out = list[Case](), Counter[str]()
    for film in films:
        label, doubt = find_label(film)
        path = None if label is None else _find_file(film)
        if label is None or path is None:
            left_out[doubt or GONE] += 1
        else:
            cases.append(_to_case(film, path, label))
    for reason, count in left_out.most_common():
        log.warning("%d films left out: %s", count, reason)
    if not any(case.reference_label in LABELS for case in cases):
        raise DatasetNotFoundError(
            "no film of the period has a file and a label of a class: 'xray-cli outcomes import'"
        )
    return cases


def find_label(film: LabelledFilm) -> tuple[str | None, str]:
    """Return a film's label, or None and why it has none."""
    found = film.references
    pcr, review = found.get(ReferenceSource.PCR), found.get(ReferenceSource.REVIEW)
    if pcr is not None and (pcr is Reference.COVID19) != (review is Reference.COVID19):
        review = None  # who saw the answer first says nothing against RT-PCR
    reader = found.get(ReferenceSource.READER, review)  # who read without the answer first
    if reader is None:
        return (None, NO_CLASS) if pcr is Reference.NOT_COVID19 else (pcr, "")
    if pcr is not None and (pcr is Reference.COVID19) != (reader is Reference.COVID19):
        return None, CONTRADICTION
    return reader, ""


def _find_file(film: LabelledFilm) -> Path | None:
    """Find the film's bytes; what was left in its place is hashed, since another film may have taken its name."""
    for path in film.moved_to:
        if path.is_file():
            return path
    for path in film.left_at:
        try:
            if read_source(path).sha256 == film.source_sha256:
                return path
        except OSError:
            continue
    return None


def _to_case(film: LabelledFilm, path: Path, label: str) -> Case:
    age = film.patient_age_years
    return Case(
        path=path,
        reference_label=str(label),
        patient_id=film.patient_id or film.source_sha256,
        source=film.station_name or film.inbox.name or UNKNOWN,
        view=film.view_position or UNKNOWN,
        age_group=UNKNOWN if age is None else "adult" if age >= ADULT_FROM_YEARS else "paediatric",
        sex=film.patient_sex or UNKNOWN,
        is_patient_known=bool(film.patient_id),
    )
