"""How answers compare with reference labels: who agrees, on films of how many patients, and which films do not.

Where a reference speaks of a class that the model does not know, the answer is neither right nor wrong: such a film is
counted apart and nowhere else. A film that was refused counts as not answered, whatever the model knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, case, cast, func, or_, select

from inference.labels import LABELS, Label
from store.questions.queries import Result, as_result, select_results
from store.questions.selection import IS_ANSWER, JOINED, NOT_KNOWN, SHARES, Selection
from store.references.words import Reference, ReferenceSource
from store.tables import arrivals, reference_labels, screenings

BINS = 10

_s, _r = screenings.c, reference_labels.c
_SAME_FILM = _r.source_sha256 == _s.source_sha256
_FILMS = JOINED.join(reference_labels, _SAME_FILM)
_GIVEN = _s.label.is_not(None)
_FROM_PCR = _r.source == ReferenceSource.PCR
# RT-PCR speaks of COVID-19, whatever it says
_SPOKEN_OF = case((_FROM_PCR, Label.COVID19.value), *((_r.reference == label, label.value) for label in LABELS))
_IS_APART = or_(*(and_(func.coalesce(_SPOKEN_OF, "") == label, NOT_KNOWN[label]) for label in LABELS))
# a film whose patient is not known is taken for a patient of its own
_PATIENT = func.coalesce(_s.patient_id, _s.source_sha256)


@dataclass(frozen=True, slots=True)
class CrossCount:
    """How many films with a reference got an answer; ``label`` is None where they got none."""

    source: ReferenceSource
    reference: Reference
    label: Label | None
    films: int


@dataclass(frozen=True, slots=True)
class PatientSums:
    """A count out of a whole, over patients.

    Attributes
    ----------
    squares : tuple of int
        Sums over patients: count squared, count times whole, whole squared.
    """

    count: int
    whole: int
    patients: int
    squares: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class BinCount:
    """Films whose probability lies in one of ``BINS`` equal parts of [0, 1], and for how many of them it came true."""

    source: ReferenceSource
    place: int
    films: int
    probability_sum: float
    true: int


def has_references(connection: Connection) -> bool:
    """Tell whether any label was imported: without one no report has to ask more."""
    return connection.execute(select(_r.id).limit(1)).first() is not None


def count_answers(connection: Connection, selection: Selection) -> list[CrossCount]:
    """Count the films of a selection by reference and answer, each film once for each model that answered."""
    groups = (_r.source, _r.reference, _s.label)
    statement = _select_compared(selection, *groups, func.count()).group_by(*groups)
    return [
        CrossCount(ReferenceSource(source), Reference(reference), label and Label(label), films)
        for source, reference, label, films in connection.execute(statement)
    ]


def count_not_known(connection: Connection, selection: Selection) -> dict[ReferenceSource, dict[Label, int]]:
    """Count the films whose reference speaks of a class that their model does not know, by source and class."""
    groups = (_r.source, _SPOKEN_OF.label("spoken_of"))
    statement = _select(selection, *groups, func.count()).where(_IS_APART).group_by(_r.source, "spoken_of")
    found: dict[ReferenceSource, dict[Label, int]] = {}
    for source, label, films in connection.execute(statement):
        found.setdefault(ReferenceSource(source), {})[Label(label)] = films
    return found


def count_patients(connection: Connection, selection: Selection) -> dict[ReferenceSource, int]:
    """Count the patients of these films; a film without one counts as its own."""
    statement = _select_compared(selection, _r.source, func.count(_PATIENT.distinct())).group_by(_r.source)
    return {ReferenceSource(source): patients for source, patients in connection.execute(statement)}


def sum_by_patient(
    connection: Connection, selection: Selection
) -> dict[ReferenceSource, dict[Label, Sequence[PatientSums]]]:
    """Sum sensitivity, specificity, PPV and NPV of each label, in this order, first within patients and then over them.

    They are of one label against the rest, on films that were given a label by a model that knows this one.
    """
    names, columns = [], []
    for label in LABELS:
        for place, (whole, part) in enumerate(_measure(label)):
            names.append(f"{label}_{place}")
            columns.append(func.sum(case((whole, 1), else_=0)).label(f"{names[-1]}_whole"))
            columns.append(func.sum(case((and_(whole, part), 1), else_=0)).label(f"{names[-1]}_part"))
    patients = _select_compared(selection, _r.source.label("source"), *columns).group_by(_r.source, _PATIENT).subquery()
    sums = (column for name in names for column in _sum(patients.c[f"{name}_part"], patients.c[f"{name}_whole"]))
    found: dict[ReferenceSource, dict[Label, Sequence[PatientSums]]] = {}
    for source, *numbers in connection.execute(select(patients.c.source, *sums).group_by(patients.c.source)):
        each = [_as_sums(numbers[place : place + 6]) for place in range(0, len(numbers), 6)]
        found[ReferenceSource(source)] = {label: each[4 * place : 4 * place + 4] for place, label in enumerate(LABELS)}
    return found


def count_bins(connection: Connection, selection: Selection) -> list[BinCount]:
    """Count calibration: for RT-PCR the probability of ``covid19``, for readers that of the most probable label."""
    best = case(*((_is_best(label), share) for label, share in SHARES.items()))
    named = or_(*(and_(_is_best(label), _r.reference == label) for label in LABELS))
    probability = case((_FROM_PCR, SHARES[Label.COVID19]), else_=best)
    came_true = or_(and_(_FROM_PCR, _r.reference == Reference.COVID19), and_(~_FROM_PCR, named))
    place = sum((case((probability >= edge / BINS, 1), else_=0) for edge in range(1, BINS)), cast(0, Integer))
    films = (
        _select_compared(
            selection,
            _r.source.label("source"),
            place.label("place"),
            probability.label("probability"),
            case((came_true, 1), else_=0).label("came_true"),
        )
        .where(probability.is_not(None))
        .subquery()
    )
    f = films.c
    statement = select(f.source, f.place, func.count(), func.sum(f.probability), func.sum(f.came_true))
    rows = connection.execute(statement.group_by(f.source, f.place).order_by(f.source, f.place))
    return [BinCount(ReferenceSource(source), *counts) for source, *counts in rows]


def _select(selection: Selection, *columns: Any) -> Select[Any]:
    return select(*columns).select_from(_FILMS).where(selection.where_finished(), IS_ANSWER)


def _select_compared(selection: Selection, *columns: Any) -> Select[Any]:
    return _select(selection, *columns).where(~_IS_APART)


def _measure(label: Label) -> tuple[tuple[ColumnElement[bool], ColumnElement[bool]], ...]:
    """Return sensitivity, specificity, PPV and NPV as conditions: on the whole, and on the part of it that counts."""
    given = and_(_GIVEN, SHARES[label].is_not(None))
    called, is_so = and_(given, func.coalesce(_s.label, "") == label), _r.reference == label
    passed, is_not = and_(given, func.coalesce(_s.label, "") != label), _r.reference != label
    return (and_(given, is_so), called), (and_(given, is_not), passed), (called, is_so), (passed, is_not)


def _is_best(label: Label) -> ColumnElement[bool]:
    others = (func.coalesce(SHARES[other], 0) for other in LABELS if other is not label)
    return and_(SHARES[label].is_not(None), *(SHARES[label] >= other for other in others))


def _sum(part: ColumnElement[int], whole: ColumnElement[int]) -> tuple[ColumnElement[int], ...]:
    has_films = case((whole > 0, 1), else_=0)
    return tuple(func.sum(each) for each in (part, whole, has_films, part * part, part * whole, whole * whole))


def _as_sums(numbers: list[Any]) -> PatientSums:
    count, whole, patients, *squares = (int(number or 0) for number in numbers)  # PostgreSQL sums to Decimal
    return PatientSums(count, whole, patients, (squares[0], squares[1], squares[2]))


ReferencedResults = Iterator[tuple[Reference, Result]]


def list_missed(
    connection: Connection, selection: Selection, source: ReferenceSource, illnesses: Sequence[Label], limit: int
) -> ReferencedResults:
    """Give films that were ill and were not called so, those first to which the model gave it the least."""
    missed = or_(*(and_(_r.reference == label, func.coalesce(_s.label, "") != label) for label in illnesses))
    given = case(*((_r.reference == label, SHARES[label]) for label in illnesses))
    return _list(connection, selection, source, missed, (given.is_(None), given), limit)


def list_false_alarms(
    connection: Connection, selection: Selection, source: ReferenceSource, illnesses: Sequence[Label], limit: int
) -> ReferencedResults:
    """Give films that were called ill and were not so, those first to which the model gave it the most."""
    called = or_(*(and_(_s.label == label, _r.reference != label) for label in illnesses))
    given = case(*((_s.label == label, SHARES[label]) for label in illnesses))
    return _list(connection, selection, source, called, (given.desc(),), limit)


def _list(
    connection: Connection,
    selection: Selection,
    source: ReferenceSource,
    wrong: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]],
    limit: int,
) -> ReferencedResults:
    statement = (
        select_results(selection.where_finished())
        .add_columns(_r.reference)
        .join(reference_labels, _r.source_sha256 == _s.source_sha256)
        .where(IS_ANSWER, _r.source == source, ~_IS_APART, wrong)
        .order_by(*order, arrivals.c.id)
        .limit(limit)
    )
    for *result, reference in connection.execute(statement):
        yield Reference(reference), as_result(result)
