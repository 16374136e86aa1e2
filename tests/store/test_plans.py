"""Every question of report, status, metrics and sweep finds its rows by an index: asked of PostgreSQL's own planner.

The questions are not listed here: what the functions send is listened to, and explained.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bench.ledger_size import fill, look_as_metrics, look_as_status, report_of, sweep
from store.database import open_database, reading
from store.questions.film import FilmKeys, find_arrivals, list_earlier, list_same_uid, read_film
from store.questions.queries import count_results
from store.questions.selection import Filters, Selection
from tests.databases import lend_migrated_database

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ROWS, DAYS = 30_000, 300  # a day is a third of a percent: far too little for a scan to be worth it
LARGE = ("arrivals", "screenings")


@pytest.fixture(scope="module")
def filled(postgresql_server: str, postgresql_template: str) -> Iterator[Engine]:
    for url in lend_migrated_database(postgresql_server, postgresql_template):
        engine = open_database(url)
        fill(engine, ROWS, DAYS)
        yield engine
        engine.dispose()


def report_of_a_day_half_way_back(engine: Engine) -> None:
    report_of(engine, datetime.now(tz=UTC) - timedelta(days=DAYS / 2))


def report_of_today(engine: Engine) -> None:
    report_of(engine, datetime.now(tz=UTC))


def look_up_a_film(engine: Engine) -> None:
    """Ask as ``show`` does, by each key; and all of the film that is found."""
    with reading(engine) as connection:
        record = read_film(connection, ROWS // 2)
        assert record is not None
        find_arrivals(connection, FilmKeys(7, "a.dcm", "1.2.3", "A1", "0123abcd"), 9)
        for filters in (Filters(uids=("1.2.3",)), Filters(accessions=("A1",)), Filters(files=("a.dcm",))):
            assert count_results(connection, Selection(LONG_AGO, datetime.now(tz=UTC), filters)) == 0
        known = replace(record, header={**record.header, "patient_id": "P1"})
        list_earlier(connection, known, 9)
        list_same_uid(connection, replace(known, result=record.result._replace(sop_instance_uid="1.2.3")), 9)


@pytest.mark.parametrize(
    "ask", [look_up_a_film, report_of_today, report_of_a_day_half_way_back, look_as_status, look_as_metrics, sweep]
)
def test_no_question_reads_the_whole_ledger(filled: Engine, ask: Callable[[Engine], None]) -> None:
    with explaining(filled) as plans:
        ask(filled)
    assert len(plans) > 3
    reading_all = {statement: scan for statement, plan in plans.items() for scan in find_scans(plan) if scan in LARGE}
    assert reading_all == {}


@contextmanager
def explaining(engine: Engine) -> Iterator[dict[str, Any]]:
    """Collect the plan of each statement, by its text."""
    plans: dict[str, Any] = {}

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH")) and "FROM" in statement:
            cursor = connection.connection.cursor()  # beside SQLAlchemy, which would ask us about this one too
            cursor.execute("EXPLAIN (FORMAT JSON) " + statement, parameters)
            plans[statement] = cursor.fetchone()[0][0]["Plan"]
            cursor.close()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from walk(part)


def find_scans(plan: dict[str, Any]) -> list[str]:
    """Return the tables that are read from end to end: as they lie, or along their primary key."""
    return [node["Relation Name"] for node in walk(plan) if node["Node Type"] == "Seq Scan" or is_walk(node)]


def is_walk(node: dict[str, Any]) -> bool:
    return node.get("Index Name", "").startswith("pk_") and "Index Cond" not in node
