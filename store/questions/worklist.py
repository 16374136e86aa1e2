"""The worklist: films in the order in which they want to be looked at, and those without an answer beside them.

A pile is one or several runs, one after the other. A run is read along its index, from its beginning or from the film
where the last page ended, so that a page costs the same however large the ledger is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Join, Select, Table, and_, func, literal, select, tuple_

from inference.labels import LABELS, Label, Outcome
from store.columns import UtcDateTime
from store.questions.queries import Result, as_result, select_results
from store.questions.selection import ALL, JOINED, Filters, list_conditions
from store.states import ArrivalState
from store.tables import UNFINISHED, arrivals, headers, models, screenings

PAGE = 50
MOST_COUNTED = 1000  # whoever has more to read does not need the number
LONGEST_WAIT = timedelta(hours=4)
_SIGN = "~"  # between the parts of a place; in no number and no time

# along the screenings, each film once: by its first arrival
_ANSWERED: Join = (
    screenings.join(arrivals, arrivals.c.id == screenings.c.arrival_id)
    .outerjoin(models, screenings.c.model_sha256 == models.c.model_sha256)
    .outerjoin(headers, headers.c.arrival_id == arrivals.c.id)
)
_a, _s = arrivals.c, screenings.c


class Pile(StrEnum):
    """Which films; every arrival but a duplicate is in one of them."""

    UNREAD = "unread"  # answered, and nobody has looked at them
    REVIEWED = "reviewed"
    REFUSED = "refused"  # not for this model, or not understood
    FAILED = "failed"  # disk or database failed; they are tried again
    WAITING = "waiting"  # their answer is still to come
    VANISHED = "vanished"  # gone before they could be read


class Film(NamedTuple):
    """A film of the worklist: its result, and what of its header stands in a line."""

    result: Result
    screening_id: int | None
    first_arrival_id: int | None  # the one whose answer it shares, where the same bytes came before
    screened_at: datetime | None
    reviewed_at: datetime | None
    patient_age_years: float | None
    patient_sex: str | None
    view_position: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be listed.

    Attributes
    ----------
    since, until : datetime
        Aware; when a film was answered, or came where it has no answer.
    longest_wait : timedelta
        A likely positive that nobody has looked at for so long goes before all others.
    """

    since: datetime
    until: datetime
    pile: Pile = Pile.UNREAD
    filters: Filters = ALL
    longest_wait: timedelta = LONGEST_WAIT


class Page(NamedTuple):
    """A page of the worklist; ``next_place`` is where the next one begins, None at the end."""

    films: list[Film]
    next_place: str | None


@dataclass(frozen=True, slots=True)
class _Run:
    """Films along one index.

    Attributes
    ----------
    where : ColumnElement
        Which.
    sort, number : ColumnElement
        What they are sorted by, and what decides between equals.
    descends : bool
        The greatest first.
    before : ColumnElement or None
        A column of the index that is the same in the whole run; named, so that PostgreSQL sees the order.
    joined : Join
        From where.
    """

    where: ColumnElement[bool]
    sort: ColumnElement[Any]
    number: ColumnElement[int]
    descends: bool = True
    before: ColumnElement[Any] | None = None
    joined: Join = _ANSWERED

    @property
    def table(self) -> Table:
        """What the run is along."""
        return arrivals if self.joined is JOINED else screenings

    def select(self, place: tuple[Any, int] | None, limit: int) -> Select[Any]:
        order = [self.sort, self.number] if self.before is None else [self.before, self.sort, self.number]
        statement = select_results(self.where, self.joined).add_columns(
            *(_s.id, _s.arrival_id, _s.screened_at, _s.reviewed_at),
            *(_s.patient_age_years, _s.patient_sex, _s.view_position, _a.attempts),
            *(self.sort.label("sort_key"), self.number.label("number_key")),
        )
        if place is not None:
            here, there = tuple_(self.sort, self.number), tuple_(*map(_bind, (self.sort, self.number), place))
            statement = statement.where(here < there if self.descends else here > there)
        return statement.order_by(*(column.desc() if self.descends else column for column in order)).limit(limit)


def list_films(
    connection: Connection, wish: Wish, place: str | None = None, limit: int = PAGE, *, backwards: bool = False
) -> Page:
    """Return films in the order of the worklist.

    Parameters
    ----------
    place : str or None
        Where an earlier page ended; one that cannot be read is the beginning.
    backwards : bool
        From there to the beginning, the nearest first.
    """
    runs = _list_runs(wish)
    number, key = _read_place(place, runs, last=backwards)
    step = -1 if backwards else 1
    films, ends_at = list[Film](), ""
    while 0 <= number < len(runs):
        run = replace(runs[number], descends=runs[number].descends ^ backwards)
        rows = connection.execute(run.select(key, limit + 1 - len(films))).all()
        for row in rows:
            if len(films) == limit:
                return Page(films, ends_at)
            films.append(_as_film(row))
            ends_at = _write_place(number, row.sort_key, row.number_key)
        number, key = number + step, None
    return Page(films, None)


def find_neighbour(connection: Connection, wish: Wish, film: Film, *, backwards: bool = False) -> Film | None:
    """Return the film that comes after one in the worklist, or before it; the one itself may have left it meanwhile."""
    place = _find_place(wish, film)
    found = list_films(connection, wish, place, 1, backwards=backwards).films
    return found[0] if found and (place is not None or not backwards) else None


def find_film(connection: Connection, arrival_id: int) -> Film | None:
    """Return a film by the number of its arrival, whichever pile it is in; a duplicate has the answer it shares."""
    run = _Run(_a.id == arrival_id, _a.id, _a.id, joined=JOINED)
    row = connection.execute(run.select(None, 1)).first()
    return None if row is None else _as_film(row)


def list_numbered(connection: Connection, arrival_ids: Sequence[int]) -> list[Film]:
    """Return films by the numbers of their arrivals, whichever piles they are in, the newest first."""
    run = _Run(_a.id.in_(arrival_ids), _a.id, _a.id, joined=JOINED)
    return [_as_film(row) for row in connection.execute(run.select(None, len(arrival_ids)))] if arrival_ids else []


def count_piles(connection: Connection, wish: Wish) -> dict[Pile, int]:
    """Count the films of each pile, up to ``MOST_COUNTED``."""
    return {pile: count_pile(connection, replace(wish, pile=pile)) for pile in Pile}


def count_pile(connection: Connection, wish: Wish) -> int:
    """Count the films of one pile, up to ``MOST_COUNTED``."""
    found = 0
    for run in _list_runs(wish):
        joined = run.joined if wish.filters != ALL else run.table  # what is joined to would only be looked up
        some = select(literal(1)).select_from(joined).where(run.where).limit(MOST_COUNTED - found).subquery()
        found += connection.scalar(select(func.count()).select_from(some)) or 0
        if found >= MOST_COUNTED:
            break
    return found


def find_state(connection: Connection) -> tuple[int, int, int, datetime | None]:
    """Return what changes whenever a film comes, is answered or reviewed: a look at the ends of indexes."""
    oldest = select(func.min(_a.received_at)).where(UNFINISHED).scalar_subquery()
    reviewed = select(func.max(_s.reviewed_at)).where(_s.reviewed_at.is_not(None)).scalar_subquery()
    newest = (select(func.max(_a.id)).scalar_subquery(), select(func.max(_s.id)).scalar_subquery())
    finished = select(func.max(_a.finished_at)).scalar_subquery()
    row = connection.execute(select(*newest, oldest, reviewed, finished)).one()
    return tuple(row)


def _list_runs(wish: Wish) -> list[_Run]:
    conditions = tuple(list_conditions(wish.filters))
    runs = {
        Pile.UNREAD: _list_unread,
        Pile.REVIEWED: _list_reviewed,
        Pile.REFUSED: _list_refused,
        Pile.FAILED: _list_failed,
        Pile.WAITING: _list_waiting,
        Pile.VANISHED: _list_vanished,
    }[wish.pile](wish)
    return [replace(run, where=and_(run.where, *conditions)) for run in runs]


def _list_unread(wish: Wish) -> Iterator[_Run]:
    """Give likely positives, the overdue ones before the likeliest; then indeterminate ones; then the other labels."""
    overdue = datetime.now(tz=UTC) - wish.longest_wait
    likely = _is_unread(Outcome.PREDICTED, Label.COVID19)
    yield _Run(
        and_(likely, _s.screened_at >= wish.since, _s.screened_at < min(overdue, wish.until)),
        *(_s.screened_at, _s.id),
        descends=False,
        before=_s.label,
    )
    recent = and_(likely, _s.screened_at >= max(overdue, wish.since), _s.screened_at < wish.until)
    yield _Run(recent, _s.probability_covid19, _s.id)
    yield _run_of_answers(wish, Outcome.INDETERMINATE, None)
    for label in LABELS:
        if label is not Label.COVID19:
            yield _run_of_answers(wish, Outcome.PREDICTED, label)


def _list_reviewed(wish: Wish) -> Iterator[_Run]:
    yield _Run(and_(_s.reviewed_at.is_not(None), _answered_in(wish)), _s.reviewed_at, _s.id)


def _list_refused(wish: Wish) -> Iterator[_Run]:
    yield _run_of_answers(wish, Outcome.REJECTED, None)
    yield _run_of_state(wish, ArrivalState.QUARANTINED, _a.finished_at)


def _list_failed(wish: Wish) -> Iterator[_Run]:
    yield _run_of_state(wish, ArrivalState.FAILED, _a.received_at)


def _list_waiting(wish: Wish) -> Iterator[_Run]:
    waits = and_(UNFINISHED, _a.state != ArrivalState.FAILED, _a.received_at >= wish.since, _a.received_at < wish.until)
    yield _Run(waits, _a.received_at, _a.id, descends=False, joined=JOINED)


def _list_vanished(wish: Wish) -> Iterator[_Run]:
    yield _run_of_state(wish, ArrivalState.VANISHED, _a.finished_at)


def _run_of_answers(wish: Wish, outcome: Outcome, label: Label | None) -> _Run:
    return _Run(and_(_is_unread(outcome, label), _answered_in(wish)), _s.screened_at, _s.id, before=_s.label)


def _run_of_state(wish: Wish, state: ArrivalState, moment: ColumnElement[datetime]) -> _Run:
    return _Run(and_(_a.state == state, moment >= wish.since, moment < wish.until), _a.id, _a.id, joined=JOINED)


def _is_unread(outcome: Outcome, label: Label | None) -> ColumnElement[bool]:
    # written out: a partial index serves only a query that says the same at planning time
    has_label = _s.label.is_(None) if label is None else _s.label == literal(label.value, literal_execute=True)
    return and_(_s.reviewed_at.is_(None), _s.outcome == literal(outcome.value, literal_execute=True), has_label)


def _answered_in(wish: Wish) -> ColumnElement[bool]:
    return and_(_s.screened_at >= wish.since, _s.screened_at < wish.until)


def _find_place(wish: Wish, film: Film) -> str | None:
    """Return the place of an answered film among the unread ones, as if nobody had looked at it yet."""
    result, screened_at, screening_id = film.result, film.screened_at, film.screening_id
    if screened_at is None or screening_id is None or result.outcome in (None, Outcome.REJECTED):
        return None
    if result.label is Label.COVID19 and result.probabilities:
        if screened_at < datetime.now(tz=UTC) - wish.longest_wait:
            return _write_place(0, screened_at, screening_id)
        return _write_place(1, result.probabilities[Label.COVID19], screening_id)
    others: list[Label] = [label for label in LABELS if label is not Label.COVID19]
    number = 2 if result.label is None else 3 + others.index(result.label)
    return _write_place(number, screened_at, screening_id)


def _write_place(run: int, key: Any, number: int) -> str:
    said = key.isoformat() if isinstance(key, datetime) else repr(key)
    return _SIGN.join((str(run), said, str(number)))


def _read_place(place: str | None, runs: Sequence[_Run], *, last: bool) -> tuple[int, tuple[Any, int] | None]:
    beginning = (len(runs) - 1 if last else 0), None
    try:
        run, key, number = (place or "").split(_SIGN)
        kind = runs[int(run)].sort.type
        read = datetime.fromisoformat if isinstance(kind, UtcDateTime) else kind.python_type
        return int(run), (read(key), int(number))
    except (ValueError, IndexError):
        return beginning


def _bind(column: ColumnElement[Any], value: Any) -> ColumnElement[Any]:
    return literal(value, column.type)


def _as_film(row: Sequence[Any]) -> Film:
    *result, screening_id, first, screened_at, reviewed_at, age, sex, view, attempts, _, _ = row
    return Film(as_result(result), screening_id, first, screened_at, reviewed_at, age, sex, view, attempts)
