"""The piles of the worklist, each along one or several indexes: what is in them, and in which order.

A pile is one or several runs, one after the other. A run is read along its index, from its beginning or from the film
where the last page ended, so that a page costs the same however large the ledger is. Filters have no index of their
own: of a run that is filtered only so many films are looked through, and a page says where that ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Join, Select, Subquery, Table, and_, false, literal, select, true, tuple_

from inference.labels import LABELS, Label, Outcome
from store.questions.queries import select_results
from store.questions.selection import ALL, JOINED, Filters, list_conditions
from store.states import ArrivalState
from store.tables import UNFINISHED, arrivals, headers, models, screenings

LONGEST_WAIT = timedelta(hours=4)
MOST_LOOKED_AT = 2000
"""Films of a run that are looked through, for a page of those that filters let through."""

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


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be listed.

    Attributes
    ----------
    since, until : datetime
        Aware; when a film was answered, or came where it has no answer; of reviewed ones, when that was.
    longest_wait : timedelta
        A likely positive that nobody has looked at for so long goes before all others.
    """

    since: datetime
    until: datetime
    pile: Pile = Pile.UNREAD
    filters: Filters = ALL
    longest_wait: timedelta = LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Run:
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
    filters : tuple of ColumnElement
        What else has to hold; no index leads to these films.
    """

    where: ColumnElement[bool]
    sort: ColumnElement[Any]
    number: ColumnElement[int]
    descends: bool = True
    before: ColumnElement[Any] | None = None
    joined: Join = _ANSWERED
    filters: tuple[ColumnElement[bool], ...] = ()

    @property
    def table(self) -> Table:
        """What the run is along."""
        return arrivals if self.joined is JOINED else screenings

    def select(self, place: tuple[Any, int] | None, limit: int) -> Select[Any]:
        """Ask for films from a place on; a row is that of a result, then what a line says besides, then its place."""
        where = self._begin_at(place)
        if self.filters:
            looked = self._look(self._begin_at(place)).order_by(*self._order()).limit(MOST_LOOKED_AT).subquery("looked")
            order = self._sort(looked.c.sort_key, looked.c.number_key)
            where = self.table.c.id.in_(select(looked.c.id).where(looked.c.keeps).order_by(*order).limit(limit))
        statement = select_results(where, self.joined).add_columns(
            *(_s.id, _s.arrival_id, _s.screened_at),
            *(_s.patient_age_years, _s.patient_sex, _s.view_position),
            *(self.sort.label("sort_key"), self.number.label("number_key")),
        )
        return statement.order_by(*self._order()).limit(limit)

    def look_through(self, most: int) -> Subquery:
        """Ask of so many films, whichever they are, whether the filters let them through (``keeps``)."""
        return self._look(self.where).limit(most).subquery("looked")

    def _look(self, where: ColumnElement[bool]) -> Select[Any]:
        keeps = and_(*self.filters)
        is_own = set(select(keeps).get_final_froms()) <= {self.table}
        statement = select(
            self.table.c.id, self.sort.label("sort_key"), self.number.label("number_key"), keeps.label("keeps")
        )
        return statement.select_from(self.table if is_own else self.joined).where(where)

    def select_end(self, place: tuple[Any, int] | None) -> Select[Any]:
        """Ask for the place of the last film that was looked through; nothing where the run ended before."""
        statement = select(self.sort.label("sort_key"), self.number.label("number_key")).select_from(self.table)
        return statement.where(self._begin_at(place)).order_by(*self._order()).offset(MOST_LOOKED_AT - 1).limit(1)

    def _begin_at(self, place: tuple[Any, int] | None) -> ColumnElement[bool]:
        if place is None:
            return self.where
        here, there = tuple_(self.sort, self.number), tuple_(*map(_bind, (self.sort, self.number), place))
        return and_(self.where, here < there if self.descends else here > there)

    def _order(self) -> Iterator[ColumnElement[Any]]:
        return self._sort(*([] if self.before is None else [self.before]), self.sort, self.number)

    def _sort(self, *columns: ColumnElement[Any]) -> Iterator[ColumnElement[Any]]:
        return (column.desc() if self.descends else column for column in columns)


def list_runs(wish: Wish) -> list[Run]:
    """Return the runs of a pile, the first first."""
    runs = {
        Pile.UNREAD: _list_unread,
        Pile.REVIEWED: _list_reviewed,
        Pile.REFUSED: _list_refused,
        Pile.FAILED: _list_failed,
        Pile.WAITING: _list_waiting,
        Pile.VANISHED: _list_vanished,
    }[wish.pile](wish)
    labels_decided = wish.pile is not Pile.REVIEWED  # the runs of the others have one label, or none
    conditions = tuple(list_conditions(replace(wish.filters, labels=()) if labels_decided else wish.filters))
    return [replace(run, filters=conditions) for run in runs]


def _list_unread(wish: Wish) -> Iterator[Run]:
    """Give likely positives, the overdue ones before the likeliest; then indeterminate ones; then the other labels."""
    overdue = datetime.now(tz=UTC) - wish.longest_wait
    likely = and_(_is_unread(Outcome.PREDICTED, Label.COVID19), _has_wanted(wish, Label.COVID19))
    yield Run(
        and_(likely, _s.screened_at >= wish.since, _s.screened_at < min(overdue, wish.until)),
        *(_s.screened_at, _s.id),
        descends=False,
        before=_s.label,
    )
    recent = and_(likely, _s.screened_at >= max(overdue, wish.since), _s.screened_at < wish.until)
    yield Run(recent, _s.probability_covid19, _s.id)
    yield _run_of_answers(wish, Outcome.INDETERMINATE, None)
    for label in LABELS:
        if label is not Label.COVID19:
            yield _run_of_answers(wish, Outcome.PREDICTED, label)


def _list_reviewed(wish: Wish) -> Iterator[Run]:
    # by the time of its review, along the index: by that of its answer all that was ever reviewed is looked through
    yield Run(and_(_s.reviewed_at >= wish.since, _s.reviewed_at < wish.until), _s.reviewed_at, _s.id)


def _list_refused(wish: Wish) -> Iterator[Run]:
    yield _run_of_answers(wish, Outcome.REJECTED, None)
    yield _run_of_state(wish, ArrivalState.QUARANTINED, _a.finished_at)


def _list_failed(wish: Wish) -> Iterator[Run]:
    yield _run_of_state(wish, ArrivalState.FAILED, _a.received_at)


def _list_waiting(wish: Wish) -> Iterator[Run]:
    period = and_(_a.received_at >= wish.since, _a.received_at < wish.until)
    waits = and_(UNFINISHED, _a.state != ArrivalState.FAILED, period, _has_wanted(wish, None))
    yield Run(waits, _a.received_at, _a.id, descends=False, joined=JOINED)


def _list_vanished(wish: Wish) -> Iterator[Run]:
    yield _run_of_state(wish, ArrivalState.VANISHED, _a.finished_at)


def _run_of_answers(wish: Wish, outcome: Outcome, label: Label | None) -> Run:
    where = and_(_is_unread(outcome, label), _answered_in(wish), _has_wanted(wish, label))
    return Run(where, _s.screened_at, _s.id, before=_s.label)


def _run_of_state(wish: Wish, state: ArrivalState, moment: ColumnElement[datetime]) -> Run:
    where = and_(_a.state == state, moment >= wish.since, moment < wish.until, _has_wanted(wish, None))
    return Run(where, _a.id, _a.id, joined=JOINED)


def _is_unread(outcome: Outcome, label: Label | None) -> ColumnElement[bool]:
    # written out: a partial index serves only a query that says the same at planning time
    has_label = _s.label.is_(None) if label is None else _s.label == literal(label.value, literal_execute=True)
    return and_(_s.reviewed_at.is_(None), _s.outcome == literal(outcome.value, literal_execute=True), has_label)


def _has_wanted(wish: Wish, label: Label | None) -> ColumnElement[bool]:
    """Return whether a run of one label, or of none, has what the filter of labels lets through."""
    wanted = wish.filters.labels
    return and_(true(), *([] if not wanted or label in wanted else [false()]))


def _answered_in(wish: Wish) -> ColumnElement[bool]:
    return and_(_s.screened_at >= wish.since, _s.screened_at < wish.until)


def _bind(column: ColumnElement[Any], value: Any) -> ColumnElement[Any]:
    return literal(value, column.type)
