"""How the worklist answers on a large ledger: fills an empty PostgreSQL, then times pages of 50 and their counters.

    XRAY_DATABASE_URL=postgresql+psycopg://... python -m bench.worklist --rows 1000000
    XRAY_DATABASE_URL=postgresql+psycopg://... python -m bench.worklist --rows 100000 --sqlite /tmp/worklist.db

The rows are those of ``bench.ledger_size``; of them a tenth has no label, a twentieth was rejected, and half of them
have been reviewed, of those older than a month nine of ten. With ``--sqlite`` they are copied there and timed there.
First the ledger alone is timed, then whole answers of ``xray-cli web`` to a user who is logged in, from the request's
first byte to the answer's last. Nothing is deleted: drop the databases afterwards; ``--filled`` times them once more.
"""

import argparse
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import Engine, text

from bench.ledger_size import fill
from store.access.users import add_user, has_users
from store.database import open_database, reading
from store.questions.piles import Pile, Wish
from store.questions.worklist import count_piles, find_film, find_neighbour, find_state, list_films
from store.schema import upgrade_schema
from store.states import Role
from store.tables import arrivals, headers, metadata, models, screenings

TIMES = 15
DEEP_PAGES = 101
BATCH = 20_000
GOAL_MS = 100
USER, PASSWORD = "reader", "a password for benchmarks"  # of a ledger that is dropped afterwards
START_SECONDS = 60.0
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
    parser.add_argument("--filled", action="store_true", help="the ledger has been filled before: only time it")
    given = parser.parse_args()
    url = os.environ["XRAY_DATABASE_URL"]
    if not given.filled:
        fill_with_variety(open_database(url), given.rows, given.days)
    if given.sqlite is not None:
        if not given.filled:
            copy_to(open_database(url), given.sqlite)
        url = f"sqlite:///{given.sqlite}"
    engine = open_database(url)
    print(f"{given.rows:,} rows over {given.days:g} days on {engine.dialect.name}; median and worst of {TIMES}, ms")
    print("the ledger alone")
    for name, act in list_acts(engine, given.days):
        report(name, act)
    with reading(engine) as connection:
        known = has_users(connection)
    if not known:
        add_reader(engine)
    with serving(url) as port:
        print(f"whole answers of the page; the goal is {GOAL_MS}")
        for name, act in list_requests(port, given.rows):
            report(name, act)


def fill_with_variety(engine: Engine, rows: int, days: float) -> None:
    """Fill an empty PostgreSQL with films of every list."""
    upgrade_schema(engine)
    fill(engine, rows, days)
    with engine.begin() as connection:
        connection.execute(text(VARIETY))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) screenings"))


def report(name: str, act: Callable[[], object]) -> None:
    """Print how long something takes."""
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


def add_reader(engine: Engine) -> None:
    """Let somebody log in."""
    from web.access.passwords import hash_password

    with engine.begin() as connection:
        add_user(connection, USER, Role.REVIEWER, hash_password(PASSWORD))


@contextmanager
def serving(database_url: str) -> Iterator[int]:
    """Run the page on a ledger, in a home of its own, as everybody runs it; gives its port."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as home:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        own = {"XRAY_DATABASE_URL": database_url, "XRAY_HOME": home, "XRAY_METRICS_ADDRESS": "off"}
        command = [sys.executable, "-m", "cli", "web", "--address", f"127.0.0.1:{port}"]
        with subprocess.Popen(command, env=os.environ | own, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(port)
                yield port
            finally:
                process.terminate()


def wait_for(port: int) -> None:
    """Wait until the page answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the page does not answer")


def list_requests(port: int, rows: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Give what a reader's browser asks, by its name, on one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    form = urlencode({"username": USER, "password": PASSWORD})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, kind)
    answer = connection.getresponse()
    answer.read()
    headers = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    for name, path in list_paths(rows):
        yield name, partial(ask, connection, path, headers)
        for pages in (2, DEEP_PAGES):
            later = follow(connection, path, headers, pages)
            if later is not None:
                yield f"{name}: page {pages}", partial(ask, connection, later, headers)


def list_paths(rows: int) -> Iterator[tuple[str, str]]:
    """Give the addresses that are timed: each list, filters, searches by everything that a film is called."""
    for since in ("7d", "all"):
        for pile in Pile:
            yield f"{pile}, {since}", f"/worklist?pile={pile}&since={since}"
        for words in ("label=covid19", "least=0.9", "station=ROOM3", "modality=CR", "priority=stat", "reason=lateral"):
            yield f"unread, {since}, {words}", f"/worklist?since={since}&{words}"
            yield f"reviewed, {since}, {words}", f"/worklist?pile=reviewed&since={since}&{words}"
    film = rows // 2 + 13  # one that was answered
    names = (str(film), f"{film}.dcm", f"2.25.{film}", f"{film:x}".rjust(64, "0"), "ACC-77", "no film is called so")
    yield from ((f"search {word[:24]}", f"/worklist?{urlencode({'q': word})}") for word in names)
    yield "rows alone, as an open page asks for them", "/worklist/rows"
    yield "a film", f"/films/{film}"


def follow(connection: http.client.HTTPConnection, path: str, headers: dict[str, str], pages: int) -> str | None:
    """Return the address of a later page, by following each one's link; None where there are fewer."""
    for _ in range(pages - 1):
        link = re.search(r'<a href="([^"]+)"[^>]*data-key="n"', ask(connection, path, headers))
        if link is None or "/worklist" not in link[1]:
            return None
        path = unescape(link[1])
    return path


def ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> str:
    """Ask for a page, and read all of it."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read().decode()
    if answer.status != 200:
        raise ValueError(f"{path} gives {answer.status}")
    return content


if __name__ == "__main__":
    main()
