"""The worklist on both databases: its order, its pages, its piles, and the indexes along which it is read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text, update

from bench.ledger_size import fill
from inference.labels import Label, Outcome
from store.access.users import add_user, find_user
from store.database import open_database, reading
from store.questions import piles, worklist
from store.questions.piles import Pile, Wish
from store.questions.selection import Filters
from store.questions.worklist import (
    PAGE,
    Count,
    Film,
    count_pile,
    count_piles,
    find_film,
    find_neighbour,
    find_state,
    list_films,
)
from store.references.words import Reference, ReferenceSource
from store.reviews import NewReview, Verdict, list_reviews, record_review
from store.states import Role
from store.tables import reference_labels, screenings
from tests.databases import lend_migrated_database
from tests.ledger import arrive, digest, predict, quarantine, register_model, reject, vanish
from tests.store.test_plans import LARGE, explaining, find_scans

NOW = datetime.now(tz=UTC)
WISH = Wish(NOW - timedelta(days=7), NOW + timedelta(days=1))
INDETERMINATE: dict[str, Any] = {"outcome": Outcome.INDETERMINATE, "label": None, "reason_code": "other_finding"}


def covid19(share: float) -> dict[str, Any]:
    rest = (1 - share) / 2
    shares = {Label.COVID19: share, Label.VIRAL_PNEUMONIA: rest, Label.NORMAL: rest}
    return {"label": Label.COVID19, "probabilities": shares}


def set_screened_at(engine: Engine, name: str, moment: datetime) -> None:
    with engine.begin() as connection:
        which = screenings.c.source_sha256 == digest(name)
        connection.execute(update(screenings).where(which).values(screened_at=moment))


def review(engine: Engine, name: str, verdict: Verdict, answer: Label | None, label: Reference | None = None) -> None:
    with engine.begin() as connection:
        user = find_user(connection, "alice")
        if user is None:
            add_user(connection, "alice", Role.REVIEWER, "hash")
            user = find_user(connection, "alice")
        assert user is not None
        record_review(connection, NewReview(digest(name), 1, user.id, verdict, answer, label, " seen \n"))


def names(films: list[Film]) -> list[str]:
    return [film.result.file_name for film in films]


def walk(engine: Engine, wish: Wish, limit: int) -> list[str]:
    found, place = list[str](), None
    with reading(engine) as connection:
        while True:
            page = list_films(connection, wish, place, limit)
            found += names(page.films)
            assert len(page.films) <= limit
            if page.next_place is None:
                return found
            place = page.next_place


@pytest.fixture
def filled(engine: Engine) -> Engine:
    register_model(engine)
    predict(engine, "normal")
    predict(engine, "unsure", **INDETERMINATE)
    for name, share in (("likely", 0.7), ("likelier", 0.9), ("overdue", 0.6), ("longest", 0.5)):
        predict(engine, name, **covid19(share))
    predict(engine, "viral", label=Label.VIRAL_PNEUMONIA)
    reject(engine, "lateral")
    quarantine(engine, "broken")
    vanish(engine, "gone")
    arrive(engine, "waits")
    set_screened_at(engine, "overdue", NOW - timedelta(hours=5))
    set_screened_at(engine, "longest", NOW - timedelta(days=2))
    return engine


ORDER = ["longest", "overdue", "likelier", "likely", "unsure", "viral", "normal"]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_overdue_positives_come_first_then_the_likeliest_then_indeterminate_then_the_rest(
    filled: Engine, limit: int
) -> None:
    assert walk(filled, WISH, limit) == ORDER


def test_every_arrival_is_in_one_pile(filled: Engine) -> None:
    def pile(which: Pile) -> list[str]:
        return walk(filled, Wish(WISH.since, WISH.until, which), 1)

    assert pile(Pile.REFUSED) == ["lateral", "broken"]
    assert pile(Pile.WAITING) == ["waits"]
    assert pile(Pile.VANISHED) == ["gone"]
    assert pile(Pile.REVIEWED) == pile(Pile.FAILED) == []
    with reading(filled) as connection:
        counts = count_piles(connection, WISH)
    assert [str(counts[pile]) for pile in Pile] == ["7", "0", "2", "0", "1", "1"]


def test_what_was_reviewed_leaves_the_unread_and_its_neighbours_are_still_found(filled: Engine) -> None:
    review(filled, "likelier", Verdict.AGREE, Label.COVID19)
    assert walk(filled, WISH, 2) == [name for name in ORDER if name != "likelier"]
    assert walk(filled, Wish(WISH.since, WISH.until, Pile.REVIEWED), 2) == ["likelier"]
    with reading(filled) as connection:
        (film,) = list_films(connection, Wish(WISH.since, WISH.until, Pile.REVIEWED)).films
        after, before = (find_neighbour(connection, WISH, film, backwards=way) for way in (False, True))
    assert after is not None
    assert before is not None
    assert (before.result.file_name, after.result.file_name) == ("overdue", "likely")


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_each_film_knows_its_neighbours(filled: Engine, position: int) -> None:
    with reading(filled) as connection:
        film = list_films(connection, WISH).films[position]
        after, before = (find_neighbour(connection, WISH, film, backwards=way) for way in (False, True))
    assert (after and after.result.file_name) == (ORDER[position + 1] if position + 1 < len(ORDER) else None)
    assert (before and before.result.file_name) == (ORDER[position - 1] if position else None)


def test_filters_and_period_narrow_it(filled: Engine) -> None:
    only = Wish(WISH.since, WISH.until, filters=Filters(labels=(Label.COVID19,), minimums=((Label.COVID19, 0.6),)))
    assert walk(filled, only, 2) == ["overdue", "likelier", "likely"]
    assert walk(filled, Wish(NOW - timedelta(hours=6), WISH.until), 2) == ORDER[1:]


FILTERS = {
    "label": Filters(labels=(Label.VIRAL_PNEUMONIA,)),
    "least": Filters(minimums=((Label.COVID19, 0.6),)),
    "reason": Filters(reasons=("other_finding",)),
    "inbox": Filters(inboxes=(Path("/nowhere"),)),
}
LET_THROUGH = {"label": ["viral"], "least": ["overdue", "likelier", "likely"], "reason": ["unsure"], "inbox": []}


@pytest.mark.parametrize("which", FILTERS)
@pytest.mark.parametrize("most", [1, 2, 3000])
def test_a_filtered_list_is_looked_through_in_parts_and_loses_none(
    filled: Engine, which: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piles, "MOST_LOOKED_AT", most)
    monkeypatch.setattr(worklist, "MOST_LOOKED_AT_TO_COUNT", most)
    only = Wish(WISH.since, WISH.until, filters=FILTERS[which])
    assert walk(filled, only, 2) == LET_THROUGH[which]
    with reading(filled) as connection:
        count = count_pile(connection, only)
    assert count.films == len(LET_THROUGH[which]) or not count.is_all
    assert most < 10 or str(count) == str(len(LET_THROUGH[which]))
    assert walk(filled, Wish(WISH.since, WISH.until, Pile.REFUSED, FILTERS["label"]), 2) == []
    assert [str(Count(*each)) for each in ((0, True), (0, False), (1000, False))] == ["0", "?", "1,000+"]


@pytest.mark.parametrize("place", ["", "x", "0~~", "9~1~1", "0~2026~x", "1~nan", "~~~~"])
def test_a_place_that_is_none_is_the_beginning(filled: Engine, place: str) -> None:
    with reading(filled) as connection:
        assert names(list_films(connection, WISH, place).films) == ORDER


def test_a_film_is_found_by_its_arrival_and_the_state_changes_with_a_review(filled: Engine) -> None:
    with reading(filled) as connection:
        film, none, before = find_film(connection, 1), find_film(connection, 999), find_state(connection)
    assert film is not None
    assert film.result.file_name == "normal"
    assert none is None
    review(filled, "normal", Verdict.UNSURE, Label.NORMAL)
    with reading(filled) as connection:
        assert find_state(connection) != before


def test_a_review_becomes_a_reference_label_and_a_later_one_corrects_it(filled: Engine) -> None:
    def read_labels() -> list[tuple[str, str]]:
        with filled.connect() as connection:
            rows = connection.execute(reference_labels.select().order_by(reference_labels.c.source))
            return [(row.source, row.reference) for row in rows]

    with filled.begin() as connection:
        values = {"source_sha256": digest("normal"), "source": ReferenceSource.PCR, "reference": Reference.COVID19}
        connection.execute(reference_labels.insert().values(recorded_at=NOW, **values))
    review(filled, "normal", Verdict.AGREE, Label.NORMAL)
    assert read_labels() == [("pcr", "covid19"), ("review", "normal")]
    review(filled, "normal", Verdict.ANOTHER_LABEL, Label.NORMAL, Reference.OTHER_FINDING)
    assert read_labels() == [("pcr", "covid19"), ("review", "other_finding")]
    review(filled, "normal", Verdict.UNSURE, Label.NORMAL)
    assert read_labels() == [("pcr", "covid19")]
    with reading(filled) as connection:
        said = list_reviews(connection, digest("normal"))
    assert [(each.verdict, each.label, each.comment, each.is_corrected) for each in said] == [
        (Verdict.UNSURE, None, "seen", False),
        (Verdict.ANOTHER_LABEL, Reference.OTHER_FINDING, "seen", True),
        (Verdict.AGREE, None, "seen", True),
    ]


@pytest.fixture(scope="module")
def large(postgresql_server: str, postgresql_template: str) -> Iterator[Engine]:
    for url in lend_migrated_database(postgresql_server, postgresql_template):
        engine = open_database(url)
        fill(engine, 30_000, 300)
        yield engine
        engine.dispose()


@pytest.mark.parametrize("pile", Pile)
@pytest.mark.parametrize("days", [7, 300])
def test_postgresql_reads_no_pile_by_walking_through_the_ledger(large: Engine, pile: Pile, days: int) -> None:
    wish = Wish(NOW - timedelta(days=days), NOW + timedelta(days=1), pile)
    with explaining(large) as plans, reading(large) as connection:
        page = list_films(connection, wish)
        if page.next_place:
            list_films(connection, wish, page.next_place)
        if days == 7:
            count_piles(connection, wish)
    walked = {said: scan for said, plan in plans.items() for scan in find_scans(plan) if scan in LARGE}
    assert walked == {}


@pytest.mark.parametrize("pile", Pile)
def test_sqlite_reads_each_pile_along_its_index_and_sorts_nothing(sqlite_engine: Engine, pile: Pile) -> None:
    plans = dict[str, str]()

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            rows = connection.connection.cursor().execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall()
            plans[statement] = "\n".join(row[3] for row in rows)

    event.listen(sqlite_engine, "before_cursor_execute", explain)
    with reading(sqlite_engine) as connection:
        list_films(connection, Wish(WISH.since, WISH.until, pile))
    assert plans
    for plan in plans.values():
        assert "SCAN arrivals" not in plan
        assert "SCAN screenings" not in plan
        assert "TEMP B-TREE" not in plan.partition("SCALAR SUBQUERY")[0]
        if pile is Pile.REVIEWED:  # all that was ever reviewed is not looked through for a week of it
            assert "ix_screenings_reviewed (reviewed_at>? AND reviewed_at<?)" in plan


def test_what_was_reviewed_in_a_period_is_listed_whenever_it_was_answered(filled: Engine) -> None:
    with filled.begin() as connection:
        long_ago = {"then": NOW - timedelta(days=20)}
        connection.execute(text("UPDATE screenings SET screened_at = :then"), long_ago)
    review(filled, "normal", Verdict.AGREE, Label.NORMAL)
    assert walk(filled, Wish(WISH.since, WISH.until, Pile.REVIEWED), 2) == ["normal"]
    assert walk(filled, Wish(NOW - timedelta(days=30), NOW - timedelta(days=7), Pile.REVIEWED), 2) == []


def test_a_page_is_not_larger_than_it_says(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(text("UPDATE screenings SET reviewed_at = screened_at WHERE outcome = 'predicted'"))
    with reading(filled) as connection:
        page = list_films(connection, Wish(WISH.since, WISH.until, Pile.REVIEWED), limit=PAGE)
    assert sorted(names(page.films)) == sorted(set(ORDER) - {"unsure"})
    assert page.next_place is None
