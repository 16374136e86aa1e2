"""What a data set holds and what was left out, in numbers, and what a sceptic should know of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from documents.figures import say_count
from inference.labels import LABELS, NOTICE, OTHER_FINDING
from training.data.vocabulary import MEANINGS as VOCABULARY
from training.preparation.offer import Offer
from training.preparation.preparation import Preparation
from training.preparation.selection import DUPLICATES, LABEL_CONFLICT

_FEW_PATIENTS = 30

MEANINGS = VOCABULARY | {
    "bytes_not_at_hand": "known from an earlier input that is not given now",
    "cannot_be_opened": "the file cannot be opened",
    "crashed_reader": "the file ends the process that reads it",
    "exact_duplicate": "the same bytes",
    "label_conflict": "the same film under two labels: all its copies",
    "mirrored_duplicate": "the same film, mirrored",
    "missing_file": "listed, but there is no file",
    "near_duplicate": "the same film, resized, cropped or re-encoded",
    "no_label": "not in the table of labels",
    "not_frontal": "neither PA nor AP",
    "over_patient_cap": "more films of one patient than wanted",
    "same_pixels": "the same pixels in another file",
    "view_not_stated": "the view is not stated",
    "view_not_wanted": "a frontal view that is not wanted",
}
"""Reasons for leaving a film out in plain words; those of `imaging` explain themselves."""


@dataclass(frozen=True, slots=True)
class Share:
    """The films of one label from one source."""

    label: str
    source: str
    films: int
    patients: int
    without_patient: int
    sites: int


def count_shares(result: Preparation) -> list[Share]:
    """Count films, patients and sites by label and source."""
    offers = [film.offer for film in result.kept]
    labels = (*LABELS, OTHER_FINDING)
    pairs = sorted({(offer.label, offer.source) for offer in offers}, key=lambda pair: (labels.index(pair[0]), pair[1]))
    return [
        _count_share(label, source, [offer for offer in offers if (offer.label, offer.source) == (label, source)])
        for label, source in pairs
    ]


def _count_share(label: str, source: str, offers: Sequence[Offer]) -> Share:
    patients = {offer.patient_id for offer in offers} - {""}
    without = sum(not offer.patient_id for offer in offers)
    return Share(label, source, len(offers), len(patients), without, len({offer.site for offer in offers} - {""}))


def count_reasons(dropped: Iterable[Offer]) -> list[tuple[str, str, int]]:
    """Count what was left out by source and reason, the most frequent of a source first."""
    counts = Counter((offer.source, offer.why) for offer in dropped)
    return [
        (source, why, count) for (source, why), count in sorted(counts.items(), key=lambda one: (one[0][0], -one[1]))
    ]


def find_warnings(result: Preparation) -> list[str]:
    """Say what makes figures on this data set doubtful."""
    shares = count_shares(result)
    told = [_warn_of_sources(shares), _warn_of_patients(shares), _warn_of_few(shares), _warn_of_conflicts(result)]
    return [warning for warning in told if warning]


def _warn_of_sources(shares: Sequence[Share]) -> str:
    labels = {share.label for share in shares}
    labels_of = {share.source: {each.label for each in shares if each.source == share.source} for share in shares}
    alone = sorted(label for label in labels if all(of == {label} for of in labels_of.values() if label in of))
    if len(labels) < 2 or not alone:
        return ""
    return f"{', '.join(alone)}: from sources that hold no other class, so a model can tell it by its source"


def _warn_of_patients(shares: Sequence[Share]) -> str:
    without = sum(share.without_patient for share in shares)
    films = say_count(without, "film", "names", "name")
    return f"{films} no patient: each counts as a patient of its own" if without else ""


def _warn_of_few(shares: Sequence[Share]) -> str:
    patients = {label: sum(s.patients + s.without_patient for s in shares if s.label == label) for label in LABELS}
    few = [f"{label} {count}" for label, count in patients.items() if 0 < count < _FEW_PATIENTS]
    return f"few patients: {', '.join(few)}" if few else ""


def _warn_of_conflicts(result: Preparation) -> str:
    count = sum(offer.why == LABEL_CONFLICT for offer in result.dropped)
    were = "was" if count == 1 else "were"
    films = f"{say_count(count, 'film')} stood under two labels and {were} refused"
    return f"{films}; ask the sources which is right" if count else ""


def to_json(result: Preparation, output: str) -> dict[str, Any]:
    """Return the summary as data for programs."""
    duplicates = sum(offer.why in DUPLICATES for offer in result.dropped)
    patients = {film.offer.patient_id for film in result.kept} - {""}
    return {
        "schema": 1,
        "notice": NOTICE,
        "output": output,
        "offered": len(result.kept) + len(result.dropped),
        "kept": len(result.kept),
        "patients": len(patients),
        "dropped": len(result.dropped),
        "duplicates": duplicates,
        "failed": result.failed,
        "films": [asdict(share) for share in count_shares(result)],
        "reasons": [{"source": s, "why": w, "films": n} for s, w, n in count_reasons(result.dropped)],
        "warnings": find_warnings(result),
    }
