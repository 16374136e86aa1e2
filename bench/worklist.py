"""How the worklist answers on a large ledger: fills an empty PostgreSQL, then times pages of 50 and their counters.

    XRAY_DATABASE_URL=postgresql+psycopg://... python -m bench.worklist --rows 1000000
    XRAY_DATABASE_URL=postgresql+psycopg://... python -m bench.worklist --rows 100000 --sqlite /tmp/worklist.db

The rows are those of ``bench.ledger_size``; of them a tenth has no label, a twentieth was rejected, and half of them
have been reviewed, of those older than a month nine of ten. With ``--sqlite`` they are copied there and timed there.
Nothing is deleted: drop the databases afterwards.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, text

from bench.ledger_size import fill
from store.database import open_database, reading
from store.questions.piles import Pile, Wish
from store.questions.worklist import count_piles, find_film, find_neighbour, find_state, list_films
from store.schema import upgrade_schema
from store.tables import arrivals, headers, metadata, models, screenings

TIMES = 15
DEEP_PAGES = 40
BATCH = 20_000
# what the synthetic rows of other benchmarks lack: films of every pile, and probabilities of their own
VARIETY = """
UPDATE screenings SET
    outcome = CASE WHEN id % 20 IN (3, 4) THEN 'indeterminate' WHEN id % 20 = 5 THEN 'rejected' ELSE outcome END,
    label = CASE WHEN id % 20 IN (3, 4, 5) THEN NULL ELSE label END,
    probability_covid19 = CASE WHEN id % 20 = 5 THEN NULL WHEN label = 'covid19' THEN 0.5 + id * 7919 % 4999 / 10000.0
        ELSE 0.1 END,
    probability_viral_pneumonia = CASE WHEN id % 20 = 5 THEN NULL ELSE 0.1 END,
    probability_normal = CASE WHEN id % 20 = 5 THEN NULL ELSE 0.3 END,
    reviewed_at = CASE WHEN id % 2 = 0 OR id % 10 > 1 AND screened_at < now() - interval '30 days'
        THEN screened_at + interval '1 hour' END
"""


def main() -> None:
    """Fill and time, and say both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=365.0)
    parser.add_argument("--sqlite", type=Path, help="a new file: copy the rows there, and time it instead")
    given = parser.parse_args()
    engine = open_database(os.environ["XRAY_DATABASE_URL"])
    upgrade_schema(engine)
    fill(engine, given.rows, given.days)
    with engine.begin() as connection:
        connection.execute(text(VARIETY))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) screenings"))
    if given.sqlite is not None:
        engine = copy_to(engine, given.sqlite)
    print(f"{given.rows:,} rows over {given.days:g} days on {engine.dialect.name}; median and worst of {TIMES}, ms")
    for name, act in list_acts(engine, given.days):
        spent = sorted(measure(act) for _ in range(TIMES))
        print(f"{name:<44} {spent[TIMES // 2]:7.1f} {spent[-1]:7.1f}", flush=True)


def copy_to(source: Engine, file: Path) -> Engine:
    """Copy a ledger's films into a new SQLite file; without ANALYZE, which nobody runs on a ledger."""
    target = open_database(f"sqlite:///{file}")
    upgrade_schema(target)
    tables = [table for table in metadata.sorted_tables if table in (models, screenings, arrivals, headers)]
    with source.connect() as read, target.begin() as write:
        for table in tables:
            found = read.execution_options(yield_per=BATCH).execute(table.select())
            for rows in found.mappings().partitions():
                write.execute(table.insert(), [dict(row) for row in rows])
    return target


def list_acts(engine: Engine, days: float) -> Iterator[tuple[str, Callable[[], object]]]:
    """Give what a page asks by its name: for the usual week, and for all that there is."""
    now = datetime.now(tz=UTC)
    for period, since in (("7 days", now - timedelta(days=7)), ("all", now - timedelta(days=days + 1))):
        for pile in Pile:
            wish = Wish(since, now + timedelta(days=1), pile)
            yield f"{pile}, {period}: first page", partial(show_page, engine, wish, None)
            place = walk(engine, wish)
            if place is not None:
                yield f"{pile}, {period}: page {DEEP_PAGES}", partial(show_page, engine, wish, place)
        wish = Wish(since, now + timedelta(days=1))
        yield f"counters of all lists, {period}", partial(count, engine, wish)
        yield f"next and previous of a film, {period}", partial(find_neighbours, engine, wish)
    yield "what an open page asks each second", partial(look, engine)


def measure(act: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def show_page(engine: Engine, wish: Wish, place: str | None) -> str | None:
    """Read a page of 50; returns where the next one begins."""
    with reading(engine) as connection:
        return list_films(connection, wish, place).next_place


def walk(engine: Engine, wish: Wish) -> str | None:
    """Return where a later page begins; None where there are fewer."""
    place = None
    for _ in range(DEEP_PAGES - 1):
        place = show_page(engine, wish, place)
        if place is None:
            return None
    return place


def count(engine: Engine, wish: Wish) -> None:
    """Count each list, as its tab shows it."""
    with reading(engine) as connection:
        count_piles(connection, wish)


def find_neighbours(engine: Engine, wish: Wish) -> None:
    """Find what the keys of a film lead to."""
    with reading(engine) as connection:
        first = list_films(connection, wish, limit=1).films[0]
        film = find_film(connection, first.result.arrival_id)
        if film is not None:
            for backwards in (False, True):
                find_neighbour(connection, wish, film, backwards=backwards)


def look(engine: Engine) -> None:
    """Ask whether anything has changed."""
    with reading(engine) as connection:
        find_state(connection)


if __name__ == "__main__":
    main()
