"""Agreement of the model with RT-PCR and readers at this site: how often it was right, and what it missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from documents.rates import Rate, find_worth
from inference.labels import Label
from reports.figures.contradictions import Contradictions, CrossTable, find_false_alarms, find_missed
from store.questions.agreement import (
    BINS,
    BinCount,
    LabelSums,
    PatientSums,
    count_answers,
    count_bins,
    count_patients,
    has_references,
    sum_by_patient,
)
from store.questions.selection import Selection
from store.references.words import ReferenceSource

KNOWN_LABELS: Mapping[ReferenceSource, Sequence[Label]] = {
    ReferenceSource.PCR: (Label.COVID19,),  # it cannot tell the others apart
    ReferenceSource.READER: tuple(Label),
}


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label against the rest, on films that were given a label; the intervals count patients, not films."""

    label: Label
    sensitivity: Rate
    specificity: Rate
    ppv: Rate
    npv: Rate


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Films whose probability lies from ``low`` to ``high``, and how often it came true."""

    low: float
    high: float
    mean_probability: float
    observed: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether probabilities mean what they say here.

    Attributes
    ----------
    bins : tuple of CalibrationBin
        Of ten equal parts of [0, 1] those that hold films.
    ece : float or None
        Expected calibration error (Guo et al., ICML 2017): mean distance of probability and truth over the bins.
    """

    bins: tuple[CalibrationBin, ...]
    ece: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the answers of a period compare with one source of reference labels.

    Attributes
    ----------
    films, patients : int
        That have a reference and were screened in the period; a film of an unknown patient counts as one.
    answered : Rate
        Films that were given a label; the others are ``indeterminate`` or ``rejected``, and ``labels`` leaves them out.
    counts : Mapping of (Reference, Label or None) to int
        The cross table; None is no label.
    labels : tuple of LabelAgreement
        RT-PCR: ``covid19`` alone.
    calibration : Calibration
        RT-PCR: of the probability of ``covid19``; readers: of the most probable label.
    missed, false_alarms : Contradictions
        Their lists end after ``Question.positives_shown``.
    """

    source: ReferenceSource
    films: int
    patients: int
    answered: Rate
    counts: CrossTable
    labels: tuple[LabelAgreement, ...]
    calibration: Calibration
    missed: Contradictions
    false_alarms: Contradictions


def compute_agreement(connection: Connection, selection: Selection, most_shown: int) -> tuple[Agreement, ...]:
    """Compare the answers of a selection with each source that has a label for any of its films."""
    if not has_references(connection):
        return ()
    counts, bins = count_answers(connection, selection), count_bins(connection, selection)
    if not counts:
        return ()
    patients, sums = count_patients(connection, selection), sum_by_patient(connection, selection)
    crosses = {
        source: {(each.reference, each.label): each.films for each in counts if each.source is source}
        for source in ReferenceSource
        if source in patients
    }
    return tuple(
        _compare(
            source,
            cross,
            patients[source],
            sums[source],
            [each for each in bins if each.source is source],
            find_missed(connection, selection, source, cross, most_shown),
            find_false_alarms(connection, selection, source, cross, most_shown),
        )
        for source, cross in crosses.items()
    )


def _compare(
    source: ReferenceSource,
    counts: CrossTable,
    patients: int,
    sums: Mapping[Label, LabelSums],
    bins: Sequence[BinCount],
    missed: Contradictions,
    false_alarms: Contradictions,
) -> Agreement:
    films = sum(counts.values())
    return Agreement(
        source=source,
        films=films,
        patients=patients,
        answered=Rate(films - sum(count for (_, label), count in counts.items() if label is None), films),
        counts=counts,
        labels=tuple(_as_agreement(label, sums[label]) for label in KNOWN_LABELS[source]),
        calibration=_calibrate(bins),
        missed=missed,
        false_alarms=false_alarms,
    )


def _as_agreement(label: Label, sums: LabelSums) -> LabelAgreement:
    return LabelAgreement(label, *map(_as_rate, (sums.sensitivity, sums.specificity, sums.ppv, sums.npv)))


def _as_rate(sums: PatientSums) -> Rate:
    if not sums.whole:
        return Rate(0, 0)
    return Rate(sums.count, sums.whole, find_worth(sums.count, sums.whole, sums.patients, sums.squares))


def _calibrate(counts: Sequence[BinCount]) -> Calibration:
    bins = tuple(
        CalibrationBin(
            each.place / BINS, (each.place + 1) / BINS, each.probability_sum / each.films, Rate(each.true, each.films)
        )
        for each in counts
    )
    films = sum(each.films for each in counts)
    gaps = sum(abs(each.probability_sum - each.true) for each in counts)
    return Calibration(bins, gaps / films if films else None)
