"""Agreement of the model with RT-PCR and readers at this site: how often it was right, and what it missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from inference.labels import Label
from reports.rates import Rate, find_worth
from store.agreement import (
    BINS,
    BinCount,
    LabelSums,
    PatientSums,
    count_answers,
    count_bins,
    count_patients,
    has_references,
    list_missed,
    sum_by_patient,
)
from store.queries import Result
from store.references import Reference, ReferenceSource
from store.selection import Selection

KNOWN_LABELS: Mapping[ReferenceSource, Sequence[Label]] = {
    ReferenceSource.PCR: (Label.COVID19,),  # it cannot tell the others apart
    ReferenceSource.READER: tuple(Label),
}
ILL = {Reference.COVID19: Label.COVID19, Reference.VIRAL_PNEUMONIA: Label.VIRAL_PNEUMONIA}


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
class Miss:
    """A film of an illness, ``reference``, that the model did not call so: another label, or none."""

    reference: Reference
    result: Result

    @property
    def probability(self) -> float | None:
        """What the model gave to the illness; None where it was not asked."""
        return self.result.probabilities[ILL[self.reference]] if self.result.probabilities else None


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
    missed : int
        How many films of ``covid19`` or ``viral_pneumonia`` were not called so.
    misses : tuple of Miss
        The first of them, to which the model gave the least; the list ends after ``Question.positives_shown``.
    """

    source: ReferenceSource
    films: int
    patients: int
    answered: Rate
    counts: Mapping[tuple[Reference, Label | None], int]
    labels: tuple[LabelAgreement, ...]
    calibration: Calibration
    missed: int
    misses: tuple[Miss, ...]


def compute_agreement(connection: Connection, selection: Selection, misses_shown: int) -> tuple[Agreement, ...]:
    """Compare the answers of a selection with each source that has a label for any of its films."""
    if not has_references(connection):
        return ()
    counts, bins = count_answers(connection, selection), count_bins(connection, selection)
    if not counts:
        return ()
    patients, sums = count_patients(connection, selection), sum_by_patient(connection, selection)
    return tuple(
        _compare(
            source,
            {(each.reference, each.label): each.films for each in counts if each.source is source},
            patients[source],
            sums[source],
            [each for each in bins if each.source is source],
            tuple(Miss(*found) for found in list_missed(connection, selection, source, misses_shown)),
        )
        for source in ReferenceSource
        if source in patients
    )


def _compare(
    source: ReferenceSource,
    counts: Mapping[tuple[Reference, Label | None], int],
    patients: int,
    sums: Mapping[Label, LabelSums],
    bins: Sequence[BinCount],
    misses: tuple[Miss, ...],
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
        missed=sum(
            count for (reference, label), count in counts.items() if reference in ILL and label != ILL[reference]
        ),
        misses=misses,
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
