"""The worklist: pages of films in the order in which they want to be looked at, their neighbours, and counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from inference.labels import LABELS, Label, Outcome
from store.columns import UtcDateTime
from store.questions.piles import Pile, Run, Wish, list_runs
from store.questions.queries import Result, as_result
from store.questions.selection import JOINED
from store.tables import UNFINISHED, arrivals, screenings

PAGE = 50
MOST_COUNTED = 1000  # whoever has more to read does not need the number
MOST_LOOKED_AT_TO_COUNT = 1000  # for the number of those that filters let through
_SIGN = "~"  # between the parts of a place; in no number and no time
_a, _s = arrivals.c, screenings.c


class Film(NamedTuple):
    """A film of the worklist: its result, and what of its header stands in a line."""

    result: Result
    screening_id: int | None
    first_arrival_id: int | None  # the one whose answer it shares, where the same bytes came before
    screened_at: datetime | None
    patient_age_years: float | None
    patient_sex: str | None
    view_position: str | None


class Page(NamedTuple):
    """A page of the worklist; ``next_place`` is where the next one begins, None at the end.

    With filters a page may have fewer films than it could, or none, and yet a next one: it ends where
    ``store.questions.piles.MOST_LOOKED_AT`` films were looked through.
    """

    films: list[Film]
    next_place: str | None


class Count(NamedTuple):
    """How many films there are, as far as they were counted."""

    films: int
    is_all: bool

    def __str__(self) -> str:
        """Write it as a list's title does: "1,000+" where there may be more, "?" where none was found so far."""
        return f"{self.films:,}{'' if self.is_all else '+'}" if self.films or self.is_all else "?"


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
    runs = list_runs(wish)
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
        end = connection.execute(run.select_end(key)).first() if run.filters else None
        if end is not None:
            return Page(films, _write_place(number, end.sort_key, end.number_key))
        number, key = number + step, None
    return Page(films, None)


def find_neighbour(connection: Connection, wish: Wish, film: Film, *, backwards: bool = False) -> Film | None:
    """Return the film that comes after one in the worklist, or before it; the one itself may have left it meanwhile."""
    place = _find_place(wish, film)
    found = list_films(connection, wish, place, 1, backwards=backwards).films
    return found[0] if found and (place is not None or not backwards) else None


def find_film(connection: Connection, arrival_id: int) -> Film | None:
    """Return a film by the number of its arrival, whichever pile it is in; a duplicate has the answer it shares."""
    run = Run(_a.id == arrival_id, _a.id, _a.id, joined=JOINED)
    row = connection.execute(run.select(None, 1)).first()
    return None if row is None else _as_film(row)


def list_numbered(connection: Connection, arrival_ids: Sequence[int]) -> list[Film]:
    """Return films by the numbers of their arrivals, whichever piles they are in, the newest first."""
    run = Run(_a.id.in_(arrival_ids), _a.id, _a.id, joined=JOINED)
    return [_as_film(row) for row in connection.execute(run.select(None, len(arrival_ids)))] if arrival_ids else []


def count_piles(connection: Connection, wish: Wish) -> dict[Pile, Count]:
    """Count the films of each pile."""
    return {pile: count_pile(connection, replace(wish, pile=pile)) for pile in Pile}


def count_pile(connection: Connection, wish: Wish) -> Count:
    """Count the films of one pile, up to ``MOST_COUNTED``; with filters, those among the first that are looked at."""
    found = looked = 0
    for run in list_runs(wish):
        if run.filters:
            some = run.look_through(MOST_LOOKED_AT_TO_COUNT - looked)
            kept: ColumnElement[int] = func.coalesce(func.sum(case((some.c.keeps, 1), else_=0)), 0)
        else:
            some = select(run.table.c.id).where(run.where).limit(MOST_COUNTED - found).subquery()
            kept = func.count()
        seen, kept_here = connection.execute(select(func.count(), kept).select_from(some)).one()
        found, looked = found + kept_here, looked + seen
        if found >= MOST_COUNTED or (run.filters and looked >= MOST_LOOKED_AT_TO_COUNT):
            return Count(min(found, MOST_COUNTED), is_all=False)
    return Count(found, is_all=True)


def find_state(connection: Connection) -> tuple[int, int, int, datetime | None]:
    """Return what changes whenever a film comes, is answered or reviewed: a look at the ends of indexes."""
    oldest = select(func.min(_a.received_at)).where(UNFINISHED).scalar_subquery()
    reviewed = select(func.max(_s.reviewed_at)).where(_s.reviewed_at.is_not(None)).scalar_subquery()
    newest = (select(func.max(_a.id)).scalar_subquery(), select(func.max(_s.id)).scalar_subquery())
    finished = select(func.max(_a.finished_at)).scalar_subquery()
    row = connection.execute(select(*newest, oldest, reviewed, finished)).one()
    return tuple(row)


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


def _read_place(place: str | None, runs: Sequence[Run], *, last: bool) -> tuple[int, tuple[Any, int] | None]:
    beginning = (len(runs) - 1 if last else 0), None
    try:
        run, key, number = (place or "").split(_SIGN)
        kind = runs[int(run)].sort.type
        read = datetime.fromisoformat if isinstance(kind, UtcDateTime) else kind.python_type
        return int(run), (read(key), int(number))
    except (ValueError, IndexError):
        return beginning


def _as_film(row: Sequence[Any]) -> Film:
    *result, screening_id, first, screened_at, age, sex, view, _, _ = row
    return Film(as_result(result), screening_id, first, screened_at, age, sex, view)
