"""Agreement of the model with RT-PCR and readers at this site: how often it was right, what it missed, false alarms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from documents.rates import Rate, find_worth
from inference.labels import Label
from store.questions.agreement import (
    BINS,
    BinCount,
    PatientSums,
    count_answers,
    count_bins,
    count_not_known,
    count_patients,
    has_references,
    list_false_alarms,
    list_missed,
    sum_by_patient,
)
from store.questions.queries import Result
from store.questions.selection import Selection
from store.references.words import Reference, ReferenceSource

KNOWN_LABELS: Mapping[ReferenceSource, Sequence[Label]] = {
    ReferenceSource.PCR: (Label.COVID19,),  # it cannot tell the others apart
    ReferenceSource.READER: tuple(Label),
    ReferenceSource.REVIEW: tuple(Label),
}
ILLNESSES: Mapping[ReferenceSource, tuple[Label, ...]] = {
    ReferenceSource.PCR: (Label.COVID19,),  # it cannot tell the others apart
    ReferenceSource.READER: (Label.COVID19, Label.VIRAL_PNEUMONIA),
    ReferenceSource.REVIEW: (Label.COVID19, Label.VIRAL_PNEUMONIA),
}
DIGITS = 4
NOTHING = (PatientSums(0, 0, 0, (0, 0, 0)),) * 4
CrossTable = Mapping[tuple[Reference, Label | None], int]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One such film; ``illness`` is what it was and was not called, or was called and was not."""

    reference: Reference
    result: Result
    illness: Label

    @property
    def probability(self) -> float | None:
        """What the model gave to the illness; None where it was not asked."""
        return (self.result.probabilities or {}).get(self.illness)


@dataclass(frozen=True, slots=True)
class Contradictions:
    """How many there are, and the first of them: those over which model and reference agree the least."""

    count: int = 0
    films: tuple[Contradiction, ...] = ()

    def change_films(self, change: Callable[[Result], Result]) -> "Contradictions":
        """Return the same with each film changed."""
        return replace(self, films=tuple(replace(film, result=change(film.result)) for film in self.films))


@dataclass(frozen=True, slots=True)
class LabelRates:
    """One label against the rest, on films that were given a label; the intervals count patients, not films."""

    sensitivity: Rate
    specificity: Rate
    ppv: Rate
    npv: Rate


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Films whose probability lies from ``low`` to ``high``, and how often it came true."""

    low: float
    high: float
    mean_probability: float
    observed: Rate


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether probabilities mean what they say here.

    Attributes
    ----------
    ece : float or None
        Expected calibration error (Guo et al., ICML 2017): mean distance of probability and truth over the bins.
    bins : tuple of ReliabilityBin
        Of ten equal parts of [0, 1] those that hold films.
    """

    ece: float | None
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the answers of a period compare with one source of reference labels.

    Attributes
    ----------
    films, patients : int
        That are compared: they have a reference and were screened in the period; a film of an unknown patient counts as
        one.
    answered : Rate
        Films that were given a label; the others are ``indeterminate`` or ``rejected``, and ``labels`` leaves them out.
    counts : Mapping of (Reference, Label or None) to int
        The cross table; None is no label.
    labels : Mapping of Label to LabelRates
        RT-PCR: ``covid19`` alone.
    calibration : Reliability
        RT-PCR: of the probability of ``covid19``; readers: of the most probable label.
    missed, false_alarms : Contradictions
        Their lists end after ``Question.positives_shown``.
    not_known : Mapping of Label to int
        Films whose reference speaks of this class and whose model does not know it: neither right nor wrong, and in
        none of the figures above.
    """

    source: ReferenceSource
    films: int
    patients: int
    answered: Rate
    counts: CrossTable
    labels: Mapping[Label, LabelRates]
    calibration: Reliability
    missed: Contradictions
    false_alarms: Contradictions
    not_known: Mapping[Label, int] = field(default_factory=dict)


def compute_agreement(connection: Connection, selection: Selection, most_shown: int) -> tuple[Agreement, ...]:
    """Compare the answers of a selection with each source that has a label for any of its films."""
    if not has_references(connection):
        return ()
    counts, not_known = count_answers(connection, selection), count_not_known(connection, selection)
    if not counts and not not_known:
        return ()
    bins = count_bins(connection, selection)
    patients, sums = count_patients(connection, selection), sum_by_patient(connection, selection)
    crosses = {
        source: {(each.reference, each.label): each.films for each in counts if each.source is source}
        for source in ReferenceSource
        if source in patients or source in not_known
    }
    return tuple(
        _compare(
            source,
            cross,
            patients.get(source, 0),
            sums.get(source, {}),
            [each for each in bins if each.source is source],
            _find_missed(connection, selection, source, cross, most_shown),
            _find_false_alarms(connection, selection, source, cross, most_shown),
            not_known.get(source, {}),
        )
        for source, cross in crosses.items()
    )


def _find_missed(
    connection: Connection, selection: Selection, source: ReferenceSource, counts: CrossTable, most_shown: int
) -> Contradictions:
    """Find films of an illness that were not called so: another label, or none."""
    illnesses = ILLNESSES[source]
    count = sum(films for (was, label), films in counts.items() if was.value in illnesses and label != was.value)
    found = list_missed(connection, selection, source, illnesses, most_shown)
    return Contradictions(count, tuple(Contradiction(was, result, Label(was)) for was, result in found))


def _find_false_alarms(
    connection: Connection, selection: Selection, source: ReferenceSource, counts: CrossTable, most_shown: int
) -> Contradictions:
    """Find films that were called an illness and were not so, as far as the source can tell."""
    illnesses = ILLNESSES[source]
    count = sum(films for (was, label), films in counts.items() if label in illnesses and label != was.value)
    found = list_false_alarms(connection, selection, source, illnesses, most_shown)
    films = (Contradiction(was, result, result.label) for was, result in found if result.label is not None)
    return Contradictions(count, tuple(films))


def _compare(
    source: ReferenceSource,
    counts: CrossTable,
    patients: int,
    sums: Mapping[Label, Sequence[PatientSums]],
    bins: Sequence[BinCount],
    missed: Contradictions,
    false_alarms: Contradictions,
    not_known: Mapping[Label, int],
) -> Agreement:
    films = sum(counts.values())
    return Agreement(
        source=source,
        films=films,
        patients=patients,
        answered=Rate(films - sum(count for (_, label), count in counts.items() if label is None), films),
        counts=counts,
        labels={label: LabelRates(*map(_as_rate, sums.get(label, NOTHING))) for label in KNOWN_LABELS[source]},
        calibration=_calibrate(bins),
        missed=missed,
        false_alarms=false_alarms,
        not_known=not_known,
    )


def _as_rate(sums: PatientSums) -> Rate:
    if not sums.whole:
        return Rate(0, 0)
    return Rate(sums.count, sums.whole, find_worth(sums.count, sums.whole, sums.patients, sums.squares))


def _calibrate(counts: Sequence[BinCount]) -> Reliability:
    films = sum(each.films for each in counts)
    gaps = sum(abs(each.probability_sum - each.true) for each in counts)
    return Reliability(round(gaps / films, DIGITS) if films else None, tuple(map(_as_bin, counts)))


def _as_bin(count: BinCount) -> ReliabilityBin:
    low, high, mean = count.place / BINS, (count.place + 1) / BINS, round(count.probability_sum / count.films, DIGITS)
    return ReliabilityBin(low, high, mean, Rate(count.true, count.films))
